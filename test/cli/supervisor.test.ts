import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type SupervisedOptions, type SupervisedProcess, supervise } from '../../src/cli/stack/supervisor.ts';
import { isAlive } from '../../src/process/process-identity.ts';

/** Starting a process takes seconds on a busy machine. */
const SOON = { timeout: 20_000 };

const running: SupervisedProcess[] = [];

function start(fixture: string, options: Partial<SupervisedOptions> = {}) {
  const lines: string[] = [];
  const deaths: Array<Parameters<SupervisedOptions['onDeath']>[0]> = [];
  const supervised = supervise({
    script: new URL(`./fixtures/${fixture}.ts`, import.meta.url),
    env: () => process.env,
    onLine: (line) => lines.push(line),
    onDeath: (death) => deaths.push(death),
    minRestartDelayMs: 20,
    ...options,
  });
  running.push(supervised);
  return { supervised, lines, deaths };
}

describe('supervise', () => {
  afterEach(async () => {
    await Promise.all(running.splice(0).map((supervised) => supervised.stop(0)));
  });

  it('restarts a process that was killed with SIGKILL', async () => {
    const { supervised, lines, deaths } = start('obedient');
    await vi.waitFor(() => expect(lines).toHaveLength(1), SOON);
    const firstPid = supervised.pid!;

    process.kill(firstPid, 'SIGKILL');

    await vi.waitFor(() => expect(lines).toHaveLength(2), SOON);
    expect(lines[1]).toBe(`running ${supervised.pid}`);
    expect(supervised.pid).not.toBe(firstPid);
    expect(supervised.restarts).toBe(1);
    expect(deaths).toEqual([{ exitCode: null, signal: 'SIGKILL', restartInMs: 20 }]);
  });

  it('waits twice as long before each restart, up to the maximum', async () => {
    const { deaths } = start('doomed', { maxRestartDelayMs: 50 });

    await vi.waitFor(() => expect(deaths.length).toBeGreaterThanOrEqual(4), SOON);

    expect(deaths.slice(0, 4).map(({ restartInMs }) => restartInMs)).toEqual([20, 40, 50, 50]);
    expect(deaths[0]).toMatchObject({ exitCode: 3, signal: null });
  });

  it('resets the delay after a process that ran long enough', async () => {
    const { deaths } = start('doomed', { stableAfterMs: 0 });

    await vi.waitFor(() => expect(deaths.length).toBeGreaterThanOrEqual(3), SOON);

    expect(deaths.slice(0, 3).map(({ restartInMs }) => restartInMs)).toEqual([20, 20, 20]);
  });

  it('lets a process drain when it is stopped, and does not restart it', async () => {
    const { supervised, lines, deaths } = start('obedient');
    await vi.waitFor(() => expect(lines).toHaveLength(1), SOON);

    await supervised.stop(5000);

    expect(lines.slice(1)).toEqual(['draining', 'drained']);
    expect(supervised.pid).toBeUndefined();
    expect(deaths).toEqual([]);
  });

  it('kills a process that does not stop within the limit', async () => {
    const { supervised, lines } = start('deaf');
    await vi.waitFor(() => expect(lines).toHaveLength(1), SOON);
    const pid = supervised.pid!;

    await supervised.stop(100);

    expect(isAlive(pid)).toBe(false);
  });

  it('cancels a pending restart when the process is stopped', async () => {
    const { supervised, deaths } = start('doomed', { minRestartDelayMs: 100 });
    await vi.waitFor(() => expect(deaths).toHaveLength(1), SOON);

    await supervised.stop(100);
    await new Promise((resolve) => setTimeout(resolve, 300));

    expect(supervised.restarts).toBe(0);
    expect(supervised.pid).toBeUndefined();
  });

  it('lets its children drain when the supervisor is killed', async () => {
    const supervisor = fork(new URL('./fixtures/supervising.ts', import.meta.url), {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const [line] = await once(createInterface({ input: supervisor.stdout! }), 'line');
    const childPid = Number(line.split(' ')[1]);
    expect(isAlive(childPid)).toBe(true);

    supervisor.kill('SIGKILL');

    await vi.waitFor(() => expect(isAlive(childPid)).toBe(false), SOON);
  });
});
