import { describe, expect, it } from 'vitest';
import { toStatusLines } from '../../src/cli/terminal/status-lines.ts';
import type { TaskStatus } from '../../src/contracts/task-status.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');

function nextOf(status: Partial<TaskStatus>): string | undefined {
  const whole = {
    task_id: 'task-1',
    progress_percent: 0,
    submitted_at: '2026-01-01T11:59:00Z',
    ...status,
  } as TaskStatus;
  return toStatusLines(whole, NOW)
    .find((line) => line.startsWith('next'))
    ?.replace(/^next\s+/, '');
}

const error = (retryable: boolean) =>
  ({ code: 'AUDIO_SILENT', stage: 'INITIALIZED', retryable, compensated: [] }) as never;

describe('the next step of a status', () => {
  it.each<[Partial<TaskStatus>, string]>([
    [{ stage: 'DETECTION_RUNNING' }, 'limelight watch task-1'],
    [{ stage: 'COMPLETED' }, 'limelight download task-1'],
    [{ stage: 'CANCELLED', error: error(true) }, 'limelight retry task-1'],
    [{ stage: 'FAILED', error: error(true) }, 'limelight retry task-1'],
    [{ stage: 'FAILED', error: error(false) }, 'limelight generate PHOTO VOICE'],
  ])('of %j is %s', (status, next) => {
    expect(nextOf(status)).toBe(next);
  });
});
