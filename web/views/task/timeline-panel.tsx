import { useRef, useState } from 'preact/hooks';
import { percentOf, timeLeft } from '../../state/progress.ts';
import { cancel } from '../../state/submissions.ts';
import { isOver, type Task } from '../../state/tasks.ts';
import { personsToChoose, type Step, toSteps } from '../../state/timeline.ts';
import { formatDuration, formatEstimate } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { useNow } from '../../ui/hooks.ts';
import { Icon } from '../../ui/icon.tsx';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { NotifyButton } from './notify-button.tsx';

/** The steps while they run or if they failed. Of a finished video they are folded away. */
export function TimelinePanel({ task }: { task: Task }) {
  const t = strings.value;
  const isRunning = !isOver(task);
  const now = useNow(isRunning, 500);
  const percent = useRising(percentOf(task, now), isRunning, task.expected !== undefined);
  const steps = (
    <ol class="steps">
      {toSteps(task, t).map((step) => (
        <StepRow key={step.name} step={step} now={now} />
      ))}
    </ol>
  );
  if (task.result) {
    return (
      <details class="card panel options" data-test="made">
        <summary>
          {t.task.made(formatDuration(task.result.execution_time_ms))}
          <span class="arrow">
            <Icon name="down" />
          </span>
        </summary>
        {steps}
      </details>
    );
  }
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
      {steps}
      {isRunning && (
        <div class="actions spread">
          <CancelButton id={task.id} />
          <NotifyButton />
        </div>
      )}
    </section>
  );
}

/**
 * The highest value so far: a better estimate must not move the bar back. Percentages of the stages are no estimate, so those
 * are forgotten once there is one.
 */
function useRising(percent: number, isRunning: boolean, isEstimate: boolean): number {
  const highest = useRef({ percent: 0, isEstimate });
  const before = highest.current.isEstimate === isEstimate ? highest.current.percent : 0;
  highest.current = { percent: isRunning ? Math.max(before, percent) : 0, isEstimate };
  return isRunning ? highest.current.percent : percent;
}

/** The remaining time and retries. Always one line, so that nothing moves. */
function Waits({ task, now }: { task: Task; now: number }) {
  const t = strings.value.task;
  const { attempts = 1 } = task.status ?? {};
  const parts = [toLeft(task, now), attempts > 1 && t.attempt(attempts)].filter(Boolean);
  return (
    <p class="wait muted" data-test="left">
      <Icon name="clock" size={18} />
      {parts.join(' · ')}
    </p>
  );
}

function toLeft(task: Task, now: number): string {
  const t = strings.value.task;
  if (personsToChoose(task)) {
    return t.yourTurn;
  }
  const left = timeLeft(task, now);
  if (!left) {
    return t.runs(formatDuration(now - Date.parse(task.submittedAt)));
  }
  if (left.kind !== 'left') {
    return left.kind === 'almost' ? t.almost : t.longer;
  }
  const [from, to] = [formatEstimate(left.ms), formatEstimate(left.maxMs)];
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
        : state === 'now' || state === 'queued'
          ? formatEstimate(now - startedAt)
          : '';
  return (
    <li
      class={`step ${state === 'asking' ? 'now' : state}`}
      aria-current={state === 'now' || state === 'queued' ? 'step' : undefined}
    >
      <span class="mark">
        {state === 'queued' && <Icon name="clock" size={16} />}
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
    <button type="button" class="button" disabled={isCancelling} onClick={onCancel}>
      {isCancelling ? t.cancelling : t.cancel}
    </button>
  );
}
