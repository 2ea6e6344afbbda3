import { useEffect, useState } from 'preact/hooks';
import { follow } from '../../state/follow.ts';
import { go } from '../../state/route.ts';
import { recall, type SavedSubmission } from '../../state/saved-submissions.ts';
import { hasLastEvent, stageOf, type Task, taskOf } from '../../state/tasks.ts';
import { personsToChoose, toSteps } from '../../state/timeline.ts';
import { formatWhen } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { EditableName } from '../../ui/editable-name.tsx';
import { Figure } from '../../ui/icon.tsx';
import { AnotherBackground } from './another-background.tsx';
import { DetailsPanel } from './details-panel.tsx';
import { FailurePanel, whatFailed } from './failure-panel.tsx';
import { PersonChoice } from './person-choice.tsx';
import { ReadyPanel } from './ready-panel.tsx';
import { Stage } from './stage.tsx';
import { TimelinePanel } from './timeline-panel.tsx';

/** One task, from its upload to its video. */
export function TaskView({ id }: { id: string }) {
  const t = strings.value.task;
  const task = taskOf(id).value;
  const isEnded = hasLastEvent(task);
  const [kept, setKept] = useState<SavedSubmission>();
  useEffect(() => {
    void recall(id).then(setKept);
  }, [id]);
  useEffect(() => {
    const following = new AbortController();
    void follow(id, following.signal);
    return () => following.abort();
  }, [id, isEnded]);

  if (task.isGone) {
    return (
      <div class="empty">
        <Figure />
        <h1>{t.gone}</h1>
        <p class="muted">{t.goneText}</p>
        <button type="button" class="button main" onClick={() => go({ view: 'create' })}>
          {t.again}
        </button>
      </div>
    );
  }
  const stage = stageOf(task);
  const choice = personsToChoose(task);
  const isReady = stage === 'COMPLETED' && task.result !== undefined;
  const hasFailed = stage === 'FAILED' || stage === 'CANCELLED' || task.refusal !== undefined;
  return (
    <>
      <Announcements task={task} />
      <div class="task-head">
        <h1>{isReady ? t.ready : (task.name ?? t.title(formatWhen(task.submittedAt)))}</h1>
        {isReady && <EditableName task={task} shown={<strong>{task.name}</strong>} />}
      </div>
      <div class="task">
        <div class="side">
          <Stage task={task} kept={kept} />
          {isReady && <AnotherBackground task={task} kept={kept} />}
        </div>
        <div class="side">
          {choice && <PersonChoice task={task} persons={choice} />}
          {isReady && <ReadyPanel task={task} kept={kept} />}
          {hasFailed && <FailurePanel task={task} kept={kept} />}
          <TimelinePanel task={task} />
          <DetailsPanel task={task} />
        </div>
      </div>
    </>
  );
}

/** Announces new steps and the end to screen readers, but not every percent. */
function Announcements({ task }: { task: Task }) {
  const t = strings.value;
  const current = toSteps(task, t).find(({ state }) => state !== 'done' && state !== 'waiting');
  const { result, error, refusal } = task;
  const said = result
    ? t.live.ready
    : error || refusal
      ? t.live.failed(whatFailed(task, t)?.title ?? '')
      : current
        ? t.live.step(t.steps[current.name], t.stepState[current.state])
        : '';
  useEffect(() => {
    if (said) announce(said);
  }, [said]);
  return null;
}
