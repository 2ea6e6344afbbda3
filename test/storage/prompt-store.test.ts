import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PipelineError } from '../../src/errors.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createPromptStore } from '../../src/storage/prompt-store.ts';
import { BYTES, createStore } from '../harness/storage/temporary-store.ts';

const KEY = 'tier/task/object';
const away = { code: 'STORAGE_UNAVAILABLE' };

/** A real store whose calls get no answer while it is silent. */
async function createMuteStore() {
  const { store } = await createStore();
  await store.put(KEY, BYTES);
  const state = { isSilent: false, calls: 0 };
  const wait = async () => {
    state.calls += 1;
    while (state.isSilent) await sleep(5);
  };
  const mute = new Proxy(store, {
    get(target, name: keyof ObjectStore) {
      if (name === 'list') {
        return async function* list(...args: Parameters<ObjectStore['list']>) {
          await wait();
          yield* target.list(...args);
        };
      }
      return async (...args: unknown[]) => {
        await wait();
        return (target[name] as (...args: unknown[]) => unknown)(...args);
      };
    },
  });
  const timeouts = { readMs: 100, writeMs: 100, transferMs: 100 };
  return { state, prompt: createPromptStore(mute, timeouts) };
}

it('passes calls and results through', async () => {
  const { prompt } = await createMuteStore();

  expect(await prompt.read(KEY)).toEqual(BYTES);
  expect((await Array.fromAsync(prompt.list('tier/'))).map(({ key }) => key)).toEqual([KEY]);
  await prompt.put('tier/task/other', BYTES);
  expect(await prompt.deleteAll('tier/task/')).toEqual([KEY, 'tier/task/other']);
  await expect(prompt.read(KEY)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

it('rejects each call of a silent store in time', async () => {
  const calls: Array<(store: ObjectStore) => Promise<unknown>> = [
    (store) => store.put(KEY, BYTES),
    (store) => store.putMany([{ key: KEY, body: BYTES }]),
    (store) => store.open(KEY),
    (store) => store.read(KEY),
    (store) => store.stat(KEY),
    (store) => Array.fromAsync(store.list('')),
    (store) => store.copy(KEY, 'tier/task/copy'),
    (store) => store.delete(KEY),
    (store) => store.deleteMany([KEY]),
    (store) => store.deleteAll('tier/'),
    (store) => store.localPath(KEY),
    (store) => store.scratch(),
  ];
  for (const call of calls) {
    const { state, prompt } = await createMuteStore();
    state.isSilent = true;
    const startedAt = performance.now();

    await expect(call(prompt), String(call)).rejects.toMatchObject(away);

    expect(performance.now() - startedAt).toBeLessThan(2_000);
    state.isSilent = false;
  }
});

it('rejects further calls at once, asks the store again from time to time, and recovers', async () => {
  const { state, prompt } = await createMuteStore();
  state.isSilent = true;
  await expect(prompt.stat(KEY)).rejects.toMatchObject(away);
  const asked = state.calls;

  const startedAt = performance.now();
  for (let call = 0; call < 100; call++) {
    await expect(prompt.stat(KEY)).rejects.toMatchObject(away);
  }
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(state.calls).toBe(asked);

  // The late answer to the first call shows that the store is back.
  state.isSilent = false;
  await expect.poll(() => prompt.stat(KEY).catch(() => undefined)).toMatchObject({ key: KEY });

  state.isSilent = true;
  await expect(prompt.stat(KEY)).rejects.toMatchObject(away);
  await sleep(2_100);
  await expect(prompt.stat(KEY)).rejects.toMatchObject(away);
  expect(state.calls).toBeGreaterThan(asked + 2);
  state.isSilent = false;
});

it('closes a stream that comes too late', async () => {
  const { store } = await createStore();
  await store.put(KEY, BYTES);
  let late: Awaited<ReturnType<ObjectStore['open']>> | undefined;
  const slow: ObjectStore = {
    ...store,
    async open(key) {
      await sleep(200);
      late = await store.open(key);
      return late;
    },
  };

  await expect(createPromptStore(slow, { readMs: 50 }).open(KEY)).rejects.toMatchObject(away);

  await expect.poll(() => late?.stream.destroyed).toBe(true);
});

it('does not take a refusal for silence', async () => {
  const { store } = await createStore();
  const refusing: ObjectStore = {
    ...store,
    stat: async () => {
      throw new PipelineError('STORAGE_UNAVAILABLE', 'Refused');
    },
  };
  const prompt = createPromptStore(refusing);

  await expect(prompt.stat(KEY)).rejects.toMatchObject({ message: 'Refused' });
  await expect(prompt.stat(KEY)).rejects.toMatchObject({ message: 'Refused' });
  await expect(prompt.read(KEY)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});
