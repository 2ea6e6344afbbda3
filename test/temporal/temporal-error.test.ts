import { ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { toPipelineError } from '../../src/temporal/temporal-error.ts';

const answer = (code: number) => Object.assign(new Error('13 INTERNAL'), { code, details: '', metadata: {} });
const CODES = {
  cancelled: 1,
  unknown: 2,
  late: 4,
  exhausted: 8,
  unpolled: 9,
  aborted: 10,
  internal: 13,
  away: 14,
};

describe('errors of Temporal', () => {
  it.each(Object.entries(CODES))('is its own trouble where it is %s, and worth another try', (_, code) => {
    for (const error of [answer(code), new ServiceError('Failed', { cause: answer(code) })]) {
      expect(toPipelineError(error, 'task-1')).toMatchObject({
        code: 'TEMPORAL_UNAVAILABLE',
        cause: error,
        retryAfterMs: 5_000,
      });
    }
  });

  it('name an unknown task', () => {
    for (const error of [answer(5), new WorkflowNotFoundError('none', 'video/task-1', undefined)]) {
      expect(toPipelineError(error, 'task-1')).toMatchObject({
        code: 'TASK_NOT_FOUND',
        message: expect.stringContaining('task-1'),
      });
    }
  });

  it('pass on our own errors, and errors that are not Temporal’s', () => {
    for (const error of [answer(3), answer(7), new TypeError('not a function')]) {
      expect(toPipelineError(error)).toBe(error);
    }
  });
});
