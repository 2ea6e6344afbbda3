import { AsyncLocalStorage } from 'node:async_hooks';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { setImmediate as immediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../src/process/process-identity.ts';
import { createSlotPool, type SlotPoolOptions } from '../../src/slots/slot-pool.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { Errand } from './fixtures/errand-task.ts';

const never = new AbortController().signal;
const open: AsyncDisposable[] = [];

function errandPool(options: Partial<SlotPoolOptions> = {}) {
  const pool = createSlotPool<Errand, unknown, number>({
    name: 'errand',
    task: new URL('./fixtures/errand-task.ts', import.meta.url),
    config: {},
    slots: 1,
    timeoutMs: 10_000,
    logger: createLogger('test', { level: 'silent' }),
    ...options,
  });
  open.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool[Symbol.asyncDispose]()));
});

describe('a slot pool', () => {
  it('returns results of a child process, with the facts of its self-test', async () => {
    const pool = errandPool();
    await pool.ready();
    await expect(pool.run({ do: 'echo', word: 'hello' }, { signal: never })).resolves.toBe('hello');

    const [slot] = pool.snapshot();
    expect(slot).toMatchObject({ state: 'idle', runs: 1, restarts: 0, facts: { kind: 'errands' } });
    expect(slot?.pid).not.toBe(process.pid);
  });

  it('serves first come first served', async () => {
    const pool = errandPool();
    const order: number[] = [];
    const waitMs = [200, 1, 100, 1];
    await Promise.all(
      waitMs.map((ms, index) =>
        pool.run({ do: 'wait', ms }, { signal: never }).then(() => order.push(index)),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('runs as many tasks at once as it has slots', async () => {
    const pool = errandPool({ slots: 2 });
    await pool.ready();
    const runs = [1, 2, 3].map(() => pool.run({ do: 'wait', ms: 200 }, { signal: never }));
    expect(pool.snapshot()).toMatchObject([
      { state: 'busy', runs: 1 },
      { state: 'busy', runs: 1 },
    ]);
    await Promise.all(runs);
    const shares = pool.snapshot().map((slot) => slot.runs);
    expect(shares.toSorted()).toEqual([1, 2]);
  });

  it('passes on progress in order, before the result', async () => {
    const seen: unknown[] = [];
    const result = await errandPool().run(
      { do: 'count', to: 5 },
      { signal: never, onProgress: (progress) => seen.push(progress) },
    );
    expect([...seen, result]).toEqual([1, 2, 3, 4, 5, 'counted']);
  });

  it('passes on progress in the async context of the call', async () => {
    const caller = new AsyncLocalStorage<string>();
    const pool = errandPool();
    await pool.ready();
    const seen: unknown[] = [];
    const count = () =>
      pool.run({ do: 'count', to: 1 }, { signal: never, onProgress: () => seen.push(caller.getStore()) });

    await Promise.all(['first', 'second', 'third'].map((name) => caller.run(name, count)));

    expect(seen.toSorted()).toEqual(['first', 'second', 'third']);
  });

  it("leaves the caller's event loop free while a slot blocks", async () => {
    const pool = errandPool();
    await pool.ready();
    const before = performance.eventLoopUtilization();
    await pool.run({ do: 'block', ms: 1_000 }, { signal: never });
    const { active, utilization } = performance.eventLoopUtilization(before);
    expect(active).toBeGreaterThan(0);
    expect(utilization).toBeLessThan(0.5);
  });

  it('passes nothing of its environment on to a child but the compile cache, and a folder of its own', async () => {
    const pool = errandPool({ env: { CUDA_VISIBLE_DEVICES: '3' } });
    // The variables of coverage are passed on to every process.
    const measuring = process.env.LIMELIGHT_COVERAGE ? ['LIMELIGHT_COVERAGE', 'NODE_OPTIONS'] : [];
    const cache = getCompileCacheDir() ? ['NODE_COMPILE_CACHE'] : [];
    const told = (await pool.run({ do: 'tell environment' }, { signal: never })) as string[];
    // Of bubblewrap's own making.
    const given = told.filter((name) => name !== 'PWD').sort();
    expect(given).toEqual([...cache, 'CUDA_VISIBLE_DEVICES', 'TMPDIR', ...measuring].sort());
  });
});

describe('a failed run', () => {
  it('rejects with SLOT_CRASHED and the signal if its process is killed, and the next run works', async () => {
    const pool = errandPool();
    const killed = pool.run({ do: 'die', signal: 'SIGKILL' }, { signal: never });
    await expect(killed).rejects.toMatchObject({
      code: 'SLOT_CRASHED',
      retryable: true,
      details: { signal: 'SIGKILL' },
    });
    await expect(pool.run({ do: 'echo', word: 'next' }, { signal: never })).resolves.toBe('next');
    expect(pool.snapshot()).toMatchObject([{ restarts: 1, runs: 2 }]);
  });

  it('rejects with SLOT_CRASHED if its process is killed from outside during the run', async () => {
    const pool = errandPool();
    await pool.ready();
    const run = pool.run({ do: 'block', ms: 30_000 }, { signal: never });
    process.kill(pool.snapshot()[0]?.pid as number, 'SIGKILL');
    await expect(run).rejects.toMatchObject({ code: 'SLOT_CRASHED' });
    await expect(pool.run({ do: 'echo', word: 'next' }, { signal: never })).resolves.toBe('next');
  });

  it('rejects with SLOT_CRASHED and the exit code if its process exits', async () => {
    await expect(errandPool().run({ do: 'exit', code: 3 }, { signal: never })).rejects.toMatchObject({
      code: 'SLOT_CRASHED',
      details: { exitCode: 3 },
    });
  });

  it('rejects with SLOT_TIMEOUT if it takes too long, and its process is replaced', async () => {
    const pool = errandPool({ timeoutMs: 300 });
    await pool.ready();
    const before = pool.snapshot()[0]?.pid as number;
    await expect(pool.run({ do: 'block', ms: 30_000 }, { signal: never })).rejects.toMatchObject({
      code: 'SLOT_TIMEOUT',
      retryable: true,
    });
    await expect(pool.run({ do: 'echo', word: 'next' }, { signal: never })).resolves.toBe('next');
    expect(isAlive(before)).toBe(false);
  });

  it('rejects with the code, message and details of the task, and keeps the process', async () => {
    const pool = errandPool();
    await expect(pool.run({ do: 'refuse' }, { signal: never })).rejects.toMatchObject({
      name: 'PipelineError',
      code: 'PERSON_NOT_FOUND',
      message: 'Nobody is there',
      details: { persons: 0 },
    });
    await expect(pool.run({ do: 'break' }, { signal: never })).rejects.toThrow(/^This is a bug$/);
    expect(pool.snapshot()).toMatchObject([{ state: 'idle', restarts: 0, runs: 2 }]);
  });

  it('rejects with STORAGE_FULL if a full disk caused the error of the task', async () => {
    const pool = errandPool({ access: { mode: 'node', writable: ['/dev/full'] } });
    await expect(pool.run({ do: 'write to a full disk' }, { signal: never })).rejects.toMatchObject({
      code: 'STORAGE_FULL',
    });
  });
});

describe('a slot that prefers batches by its self-test', () => {
  const tellCompany = (pool: ReturnType<typeof errandPool>, calls: number) =>
    Promise.all(Array.from({ length: calls }, () => pool.run({ do: 'tell company' }, { signal: never })));

  it('gets waiting tasks as one batch, up to its maximum', async () => {
    const pool = errandPool({ config: { batch: 3 } });
    expect(pool.capacity).toBe(1);
    const first = await tellCompany(pool, 4);
    expect(first.toSorted()).toEqual([1, 3, 3, 3]);
    expect(pool.capacity).toBe(3);
    expect(pool.snapshot()).toMatchObject([{ runs: 4, restarts: 0 }]);
  });

  it('shares tasks with other free slots', async () => {
    const pool = errandPool({ config: { batch: 3 }, slots: 2 });
    await pool.ready();
    expect(pool.capacity).toBe(6);
    await expect(pool.run({ do: 'tell company' }, { signal: never })).resolves.toBe(1);
    const busy = [1, 2].map(() => pool.run({ do: 'wait', ms: 50 }, { signal: never }));
    const waiting = [1, 2, 3, 4].map(() => pool.run({ do: 'tell company' }, { signal: never }));
    await Promise.all(busy);
    expect(await Promise.all(waiting)).not.toContain(4);
  });

  it('passes progress, results and errors to the right caller', async () => {
    const pool = errandPool({ config: { batch: 3 } });
    const seen: unknown[] = [];
    const outcomes = await Promise.allSettled([
      pool.run({ do: 'echo', word: 'hello' }, { signal: never }),
      pool.run({ do: 'refuse' }, { signal: never }),
      pool.run({ do: 'count', to: 2 }, { signal: never, onProgress: (progress) => seen.push(progress) }),
    ]);
    expect(outcomes).toMatchObject([
      { value: 'hello' },
      { reason: { code: 'PERSON_NOT_FOUND' } },
      { value: 'counted' },
    ]);
    expect(seen).toEqual([1, 2]);
  });

  it('continues for the others if one call is aborted, and is killed with the last one', async () => {
    const pool = errandPool({ config: { batch: 3 } });
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()];
    const cancelled = pool.run({ do: 'block', ms: 400 }, { signal: one.signal });
    const kept = pool.run({ do: 'tell process' }, { signal: two.signal });
    await pool.ready();
    one.abort(new Error('Cancelled'));
    await expect(cancelled).rejects.toThrow('Cancelled');
    const name = await kept;
    expect(pool.snapshot()).toMatchObject([{ restarts: 0 }]);

    const last = pool.run({ do: 'block', ms: 30_000 }, { signal: three.signal });
    three.abort(new Error('Cancelled too'));
    await expect(last).rejects.toThrow('Cancelled too');
    await expect(pool.run({ do: 'tell process' }, { signal: never })).resolves.not.toBe(name);
  });
});

describe('recycling', () => {
  const names = (pool: ReturnType<typeof errandPool>, runs: number) =>
    Promise.all(Array.from({ length: runs }, () => pool.run({ do: 'tell process' }, { signal: never })));

  it('replaces a process after its maximum number of runs, without losing one', async () => {
    const pool = errandPool({ maxRuns: 2 });
    const served = await names(pool, 5);
    expect(served[0]).toBe(served[1]);
    expect(served[2]).toBe(served[3]);
    expect(new Set(served).size).toBe(3);
    expect(pool.snapshot()).toMatchObject([{ runs: 5, recycled: 2, restarts: 0 }]);
  });

  it('replaces a process if it uses too much memory or its task is degraded', async () => {
    const pool = errandPool({ maxMemoryMb: 400 });
    const [first] = await names(pool, 1);
    expect(pool.snapshot()[0]?.memoryMb).toBeLessThan(400);
    await pool.run({ do: 'hold memory', mb: 500 }, { signal: never });
    const [second] = await names(pool, 1);
    await pool.run({ do: 'wear out' }, { signal: never });
    const [third] = await names(pool, 1);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(pool.snapshot()).toMatchObject([{ recycled: 2, restarts: 0 }]);
  });

  it('does not count as a restart, and a crash does not count as recycling', async () => {
    const pool = errandPool({ maxRuns: 2 });
    await expect(pool.run({ do: 'exit', code: 1 }, { signal: never })).rejects.toThrow();
    await names(pool, 3);
    expect(pool.snapshot()).toMatchObject([{ recycled: 1, restarts: 1 }]);
  });
});

describe('an aborted run', () => {
  it('rejects at once with the reason and frees its slot in under two seconds, even if it blocks', async () => {
    const pool = errandPool();
    await pool.ready();
    const before = pool.snapshot()[0]?.pid as number;
    const abort = new AbortController();
    const run = pool.run({ do: 'block', ms: 30_000 }, { signal: abort.signal });
    const reason = new Error('The job was cancelled');

    const start = performance.now();
    abort.abort(reason);
    // It waits for nothing: not even for the next timer.
    await expect(Promise.race([run, immediate('late')])).rejects.toBe(reason);
    await pool.run({ do: 'echo', word: 'next' }, { signal: never });
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(isAlive(before)).toBe(false);
  });

  it('leaves the queue without affecting the run before it', async () => {
    const pool = errandPool();
    const running = pool.run({ do: 'wait', ms: 300 }, { signal: never });
    const abort = new AbortController();
    const queued = pool.run({ do: 'echo', word: 'too late' }, { signal: abort.signal });
    abort.abort(new Error('Changed my mind'));
    await expect(queued).rejects.toThrow('Changed my mind');
    await expect(running).resolves.toBe('waited');
    expect(pool.snapshot()).toMatchObject([{ restarts: 0, runs: 1 }]);
  });

  it('never starts if the signal was already aborted', async () => {
    const pool = errandPool();
    const aborted = AbortSignal.abort(new Error('Too late'));
    await expect(pool.run({ do: 'echo', word: 'x' }, { signal: aborted })).rejects.toThrow('Too late');
    expect(pool.snapshot()).toMatchObject([{ runs: 0 }]);
  });
});

describe('a slot that cannot start', () => {
  it('makes ready() and every run reject with its error', async () => {
    const pool = errandPool({ config: { refuse: 'The model is upside down' } });
    const refusal = {
      code: 'MODEL_INVALID',
      message: 'The model is upside down',
      details: { model: 'none' },
    };
    const run = pool.run({ do: 'echo', word: 'x' }, { signal: never });
    await expect(pool.ready()).rejects.toMatchObject(refusal);
    await expect(run).rejects.toMatchObject(refusal);
  });

  it('reports a missing module', async () => {
    const pool = errandPool({ task: new URL('./fixtures/absent-task.ts', import.meta.url) });
    await expect(pool.ready()).rejects.toThrow(/absent-task\.ts/);
  });

  it('is given up after three crashes in a row, then retried with growing delays', async () => {
    const pool = errandPool({ config: { crashAtStart: true } });
    await expect(pool.ready()).rejects.toMatchObject({
      code: 'SLOT_CRASHED',
      details: { signal: 'SIGSEGV' },
    });
    await expect(pool.run({ do: 'echo', word: 'x' }, { signal: never })).rejects.toMatchObject({
      code: 'SLOT_CRASHED',
    });
    expect(pool.snapshot()[0]?.restarts).toBe(2);
  });

  it('rejects with SLOT_TIMEOUT if the start hangs', async () => {
    const pool = errandPool({ startTimeoutMs: 1 });
    await expect(pool.ready()).rejects.toMatchObject({ code: 'SLOT_TIMEOUT' });
  });
});

describe('the end of a pool', () => {
  it('rejects running and waiting tasks, and leaves no process behind', async () => {
    const pool = errandPool();
    await pool.ready();
    const pid = pool.snapshot()[0]?.pid as number;
    const calls = [
      pool.run({ do: 'block', ms: 30_000 }, { signal: never }),
      pool.run({ do: 'echo', word: 'x' }, { signal: never }),
    ];
    const outcomes = Promise.allSettled(calls);
    await pool[Symbol.asyncDispose]();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SLOT_CRASHED' } });
    }
    expect(isAlive(pid)).toBe(false);
    await expect(pool.run({ do: 'echo', word: 'x' }, { signal: never })).rejects.toMatchObject({
      code: 'SLOT_CRASHED',
    });
  });

  it.each(['idle', 'block'])('ends its children when its own process is killed (slot: %s)', async (slot) => {
    const owner = fork(fileURLToPath(new URL('./fixtures/pool-owner.ts', import.meta.url)), [slot], {
      execArgv: [],
    });
    const [{ slotPid }] = (await once(owner, 'message')) as [{ slotPid: number }];
    expect(isAlive(slotPid)).toBe(true);
    owner.kill('SIGKILL');
    await expect.poll(() => isAlive(slotPid)).toBe(false);
  });

  it('ignores the signals that a terminal sends to the whole group', async () => {
    const pool = errandPool();
    await pool.ready();
    const run = pool.run({ do: 'wait', ms: 300 }, { signal: never });
    const pid = pool.snapshot()[0]?.pid as number;
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    await expect(run).resolves.toBe('waited');
  });
});
