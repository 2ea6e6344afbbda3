import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/cli/stack/free-port.ts';
import type { EventLoopReport } from './watch-event-loop.ts';

export interface ApiProcess extends AsyncDisposable {
  url: string;
  /** How long its event loop was blocked since the last call. */
  readEventLoop(): Promise<EventLoopReport>;
  /** Whether it still runs. */
  isAlive(): boolean;
  /** The end of its log. */
  output(): string;
}

const READY_TIMEOUT_MS = 60_000;

/** The API as a process of its own, whose event loop is watched. */
export async function startApiProcess(settings: Record<string, string>): Promise<ApiProcess> {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const child = fork(join(import.meta.dirname, '../../src/api/main.ts'), {
    execArgv: ['--import', join(import.meta.dirname, 'watch-event-loop.ts')],
    env: { ...process.env, API_PORT: port, LOG_LEVEL: 'warn', ...settings },
    silent: true,
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (text) => {
      output = (output + text).slice(-20_000);
    });
  }
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
    if (!isAlive() || Date.now() > deadline) throw new Error(`The API does not start: ${output}`);
    await sleep(50);
  }
  return {
    url,
    async readEventLoop() {
      const answer = once(child, 'message');
      child.send('read');
      return (await answer)[0] as EventLoopReport;
    },
    isAlive,
    output: () => output,
    async [Symbol.asyncDispose]() {
      process.off('exit', killOnExit);
      if (isAlive()) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
    },
  };
}
