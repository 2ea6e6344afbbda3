import { describe, expect, it } from 'vitest';
import { toStatusLines } from '../../src/cli/terminal/status-lines.ts';
import type { TaskStatus } from '../../src/contracts/schemas/task-status.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');

function nextOf(changes: Partial<TaskStatus>): string | undefined {
  const status: TaskStatus = {
    task_id: '83577ac7-25fd-42e1-8a35-bb6e39e67e48',
    stage: 'FAILED',
    progress_percent: 40,
    message: 'No person was found in the photo.',
    submitted_at: '2026-05-01T11:59:00Z',
    updated_at: '2026-05-01T11:59:10Z',
    ...changes,
  };
  return (
    toStatusLines(status, NOW)
      .find((line) => line.startsWith('next'))
      // After the title and `npx limelight`.
      ?.split(/ +/)[3]
  );
}

const error = {
  code: 'PROVIDER_UNAVAILABLE' as const,
  message: 'D-ID does not answer.',
  stage: 'DID_UPLOAD' as const,
  retryable: true,
  compensated: [],
};

describe('the next step in a status', () => {
  it('is to watch a running task and to download a finished one', () => {
    expect(nextOf({ stage: 'DETECTION_RUNNING' })).toBe('watch');
    expect(nextOf({ stage: 'COMPLETED' })).toBe('download');
  });

  it('is to retry while the inputs are kept, and else to start again', () => {
    const retry = { from: ['provider' as const], until: '2026-05-02T12:00:00Z' };
    expect(nextOf({ error: { ...error, retry } })).toBe('retry');
    expect(nextOf({ error: { ...error, retry: { ...retry, until: '2026-05-01T11:00:00Z' } } })).toBe(
      'generate',
    );
    expect(nextOf({ error })).toBe('generate');
    expect(nextOf({ stage: 'CANCELLED' })).toBe('generate');
  });
});
