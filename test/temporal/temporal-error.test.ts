import { ServiceError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { callTemporal, toPipelineError, toWorkflowFailure } from '../../src/temporal/temporal-error.ts';

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
  it.each(Object.entries(CODES))('are worth another try if they are %s', (_, code) => {
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
    for (const error of [answer(3), answer(11), new TypeError('not a function')]) {
      expect(toPipelineError(error)).toBe(error);
    }
  });

  it('name the setting if the API key of this server is refused', () => {
    for (const error of [answer(7), answer(16)]) {
      expect(toPipelineError(error)).toMatchObject({
        code: 'TEMPORAL_UNAVAILABLE',
        message: expect.stringContaining('TEMPORAL_API_KEY'),
      });
    }
  });
});

describe('a call of Temporal', () => {
  const client = { withDeadline: <T>(_: number | Date, work: () => Promise<T>) => work() };

  it('has the answer, or an error that names the task', async () => {
    expect(await callTemporal(client, async () => 'answer')).toBe('answer');
    await expect(
      callTemporal(client, () => Promise.reject(answer(5)), { taskId: 'task-1' }),
    ).rejects.toMatchObject({ code: 'TASK_NOT_FOUND', message: expect.stringContaining('task-1') });
  });
});

describe('the failure of a workflow', () => {
  const failed = (cause: Error) => new WorkflowFailedError('Workflow failed', cause, RetryState.TIMEOUT);
  const inActivity = (cause: Error) =>
    new ActivityFailure(
      'Activity failed',
      'selfTest',
      '1',
      RetryState.NON_RETRYABLE_FAILURE,
      'worker',
      cause,
    );

  it('is the first cause that has a code of ours', () => {
    const cause = ApplicationFailure.create({ type: 'MODEL_INVALID', message: 'The model is broken' });

    expect(toWorkflowFailure(failed(inActivity(cause)))).toMatchObject({
      code: 'MODEL_INVALID',
      message: 'The model is broken',
    });
  });

  it('is none of ours if no cause has such a code', () => {
    const cause = ApplicationFailure.create({ type: 'TypeError', message: 'not a function' });

    expect(toWorkflowFailure(failed(inActivity(cause)))).toBeUndefined();
  });
});
