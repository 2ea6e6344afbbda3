import { useState } from 'preact/hooks';
import { cancel, isOver, type Task } from '../../state/tasks.ts';
import { percentOf, personsToChoose, type Step, toSteps } from '../../state/timeline.ts';
import { formatDuration, formatEstimate } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { useNow } from '../../ui/hooks.ts';
import { Icon } from '../../ui/icon.tsx';
import { ProgressBar } from '../../ui/progress-bar.tsx';

export function TimelinePanel({ task }: { task: Task }) {
  const t = strings.value;
  const isRunning = !isOver(task);
  const now = useNow(isRunning);
  const steps = toSteps(task, t);
  const percent = percentOf(task);
  return (
    <section class="card panel" aria-labelledby="progress-title">
      <div class="progress-line">
        <h2 id="progress-title" tabIndex={-1} data-focus>
          {t.task.progress}
        </h2>
        {isRunning && <strong>{t.task.percent(percent)}</strong>}
      </div>
      {isRunning && <ProgressBar percent={percent} />}
      {isRunning && <Waits task={task} now={now} />}
      <ol class="steps">
        {steps.map((step) => (
          <StepRow key={step.name} step={step} now={now} />
        ))}
      </ol>
      {isRunning && <CancelButton id={task.id} />}
    </section>
  );
}

/** Position in the queue, remaining time and retries. Always one line, so that nothing moves. */
function Waits({ task, now }: { task: Task; now: number }) {
  const t = strings.value.task;
  const { queue, eta, attempts = 1 } = task.status ?? {};
  const toGo = eta && Date.parse(eta.p50) - now;
  const atMost = eta && Date.parse(eta.p90) - now;
  const parts = [
    queue && t.queue(queue.position, queue.length),
    toGo !== undefined && toGo > 0 && !personsToChoose(task) && toEstimate(toGo, atMost!),
    attempts > 1 && t.attempt(attempts),
  ].filter(Boolean);
  return (
    <p class="wait muted">
      <Icon name="clock" size={18} />
      {parts.length > 0 ? parts.join(' · ') : t.runs(formatDuration(now - Date.parse(task.submittedAt)))}
    </p>
  );
}

function toEstimate(toGo: number, atMost: number): string {
  const t = strings.value.task;
  const [from, to] = [formatEstimate(toGo), formatEstimate(atMost)];
  return from === to ? t.eta(from) : t.etaRange(from, to);
}

function StepRow({ step, now }: { step: Step; now: number }) {
  const t = strings.value;
  const { name, state, startedAt, endedAt, words } = step;
  const time =
    startedAt === undefined
      ? ''
      : endedAt !== undefined
        ? formatDuration(endedAt - startedAt)
        : state === 'now'
          ? formatEstimate(now - startedAt)
          : '';
  return (
    <li
      class={`step ${state === 'asking' ? 'now' : state}`}
      aria-current={state === 'now' ? 'step' : undefined}
    >
      <span class="mark">
        {state === 'done' && <Icon name="check" size={16} />}
        {(state === 'failed' || state === 'stopped') && <Icon name="cross" size={16} />}
      </span>
      <span class="name">
        {t.steps[name]}
        <span class="unseen">, {t.stepState[state]}</span>
      </span>
      <span class="time number">{time}</span>
      {words && <span class="words number">{words}</span>}
    </li>
  );
}

function CancelButton({ id }: { id: string }) {
  const t = strings.value.task;
  const [isCancelling, setCancelling] = useState(false);
  const onCancel = async () => {
    setCancelling(true);
    if (!(await cancel(id))) setCancelling(false);
  };
  return (
    <div class="actions">
      <button type="button" class="button" disabled={isCancelling} onClick={onCancel}>
        {isCancelling ? t.cancelling : t.cancel}
      </button>
    </div>
  );
}
