import { rename } from 'node:fs/promises';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { withFailureBoundary } from '../../src/activities/boundary.ts';
import { PipelineError } from '../../src/errors.ts';
import { assertAvailable } from '../../src/storage/assert-available.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

/** The failures here are meant: the SDK need not report them. */
const createEnv = (info = {}) => new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });

/** What Temporal sees when the activity throws this. */
async function failureOf(error: unknown, assertStorage?: () => Promise<void>): Promise<unknown> {
  const { fail } = withFailureBoundary(
    {
      async fail(): Promise<void> {
        throw error;
      },
    },
    assertStorage,
  );
  return createEnv()
    .run(fail)
    .then(
      () => expect.fail('The activity did not fail'),
      (failure: unknown) => failure,
    );
}

describe('the failure boundary', () => {
  it('passes arguments and results through, each activity under its name', async () => {
    const activities = withFailureBoundary({
      add: async (a: number, b: number) => a + b,
      taskQueue: async () => Context.current().info.taskQueue,
    });
    const env = createEnv({ taskQueue: 'yolo' });

    expect(await env.run(activities.add, 2, 3)).toBe(5);
    expect(await env.run(activities.taskQueue)).toBe('yolo');
  });

  it('turns a PipelineError into a failure with its code, not retryable if the code forbids it', async () => {
    const error = new PipelineError('PERSON_NOT_FOUND', 'Expected a person, found none', {
      details: { best: 0.31 },
    });

    const failure = await failureOf(error);

    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'PERSON_NOT_FOUND',
      message: 'Expected a person, found none',
      nonRetryable: true,
      details: [{ best: 0.31 }],
      cause: error,
    });
    expect(failure).not.toHaveProperty('nextRetryDelay', expect.anything());
  });

  it('passes on the retry delay of a retryable error', async () => {
    const failure = await failureOf(
      new PipelineError('PROVIDER_UNAVAILABLE', 'Busy', { retryAfterMs: 2500 }),
    );
    expect(failure).toMatchObject({
      type: 'PROVIDER_UNAVAILABLE',
      nonRetryable: false,
      nextRetryDelay: 2500,
      details: undefined,
    });
  });

  it.each([
    ['itself', Object.assign(new Error('injected'), { code: 'EIO' })],
    [
      'a child process',
      new Error("EROFS: read-only file system, open '/data/.scratch/slot-renderer-1/out/00000.mp4'"),
    ],
  ])(
    'turns a disk that fails into an outage, even if it is over by now, as reported by %s',
    async (_, error) => {
      expect(await failureOf(error, async () => {})).toMatchObject({ type: 'STORAGE_UNAVAILABLE' });
    },
  );

  it('turns a full disk into STORAGE_FULL, whatever reported it', async () => {
    const enospc = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    for (const error of [enospc, new Error('Encoder failed', { cause: enospc })]) {
      expect(await failureOf(error)).toMatchObject({ type: 'STORAGE_FULL', nonRetryable: false });
    }
    const own = new PipelineError('SLOT_CRASHED', 'The slot died', { cause: enospc });
    expect(await failureOf(own)).toMatchObject({ type: 'SLOT_CRASHED' });
  });

  it('finds the reason in a storage that does not respond: its files may have vanished under a decoder', async () => {
    const { store, root } = await createStore();
    const damaged = new PipelineError('MEDIA_UNDECODABLE', 'The photo is damaged');
    const assertStorage = () => assertAvailable(store);
    expect(await failureOf(damaged, assertStorage)).toMatchObject({ type: 'MEDIA_UNDECODABLE' });

    await rename(root, `${root}-away`);
    expect(await failureOf(damaged, assertStorage)).toMatchObject({ type: 'STORAGE_UNAVAILABLE' });
    expect(await failureOf(new TypeError('x is undefined'), assertStorage)).toMatchObject({
      type: 'STORAGE_UNAVAILABLE',
    });
    await rename(`${root}-away`, root);
  });

  it('passes on unknown errors, which Temporal retries', async () => {
    const bug = new TypeError('x is undefined');
    expect(await failureOf(bug)).toBe(bug);
    expect(await failureOf('a string')).toBe('a string');
  });

  it('passes on cancellation', async () => {
    const env = createEnv();
    const { wait } = withFailureBoundary({
      async wait(): Promise<void> {
        await Context.current().sleep(60_000);
      },
    });

    const waiting = env.run(wait);
    env.cancel();

    await expect(waiting).rejects.toBeInstanceOf(CancelledFailure);
  });
});
