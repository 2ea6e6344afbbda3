import type { Person } from '../../contracts/schemas/job-outcome.ts';
import type { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { isTerminal, type Stage } from '../../contracts/stages.ts';
import { toDuration, toLocalTime } from './format.ts';
import { type Meaning, paint } from './paint.ts';

/** The status of a task, one fact per line. */
export function toStatusLines(status: TaskStatus, now = Date.now()): string[] {
  const { queue, eta, choice, consent, result, error, attempts = 1 } = status;
  const age = toDuration(now - Date.parse(status.submitted_at));
  const facts: Array<[name: string, text: string | false | undefined]> = [
    ['task', status.task_id],
    ['name', status.name],
    ['stage', `${paintStage(status.stage)}  ${status.progress_percent} %`],
    ['', status.message],
    ['submitted', `${toLocalTime(status.submitted_at)} (${age} ago)`],
    [
      'consent',
      consent && `${consent.text}, declared${consent.given_by ? ` with key ${consent.given_by}` : ''}`,
    ],
    ['attempt', attempts > 1 && String(attempts)],
    ['queue', queue && `place ${queue.position} of ${queue.length} for ${queue.name}`],
    ['done by', eta && `about ${toLocalTime(eta.p50)} (90 % by ${toLocalTime(eta.p90)})`],
    ['people', choice?.persons.map(toPersonText).join('; ')],
    ['choose', choice && `npx limelight person ${status.task_id} NUMBER`],
    ['took', result && toDuration(result.execution_time_ms)],
    [
      'made by',
      result && `${result.metadata.provider.name}${result.metadata.provider.degraded ? ' (degraded)' : ''}`,
    ],
    ['note', result?.metadata.warnings.join(' ')],
    ['error', error && `${error.code} in ${error.stage}`],
    ['undone', error?.compensated.join(', ')],
    ['next', toNext(status, now)],
  ];
  return facts
    .filter((fact): fact is [string, string] => Boolean(fact[1]))
    .map(([name, text]) => `${paint('quiet', name.padEnd(10))} ${text}`);
}

function toPersonText({ id, confidence, box: [x1, y1, x2, y2] }: Person): string {
  return `#${id} at ${Math.round((x1 + x2) / 2)}, ${Math.round((y1 + y2) / 2)} (${Math.round(confidence * 100)} %)`;
}

function toNext({ stage, task_id, error }: TaskStatus, now: number): string {
  if (!isTerminal(stage)) {
    return `npx limelight watch ${task_id}`;
  }
  if (stage === 'COMPLETED') {
    return `npx limelight download ${task_id}`;
  }
  const isKept = error?.retry !== undefined && Date.parse(error.retry.until) > now;
  // Nothing is left to retry. The message above says what to change.
  return isKept ? `npx limelight retry ${task_id}` : 'npx limelight generate PHOTO VOICE';
}

const MEANING: Partial<Record<Stage, Meaning>> = { COMPLETED: 'good', FAILED: 'bad', CANCELLED: 'doubtful' };

export function paintStage(stage: Stage): string {
  return paint(MEANING[stage] ?? 'strong', stage);
}
