import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../../errors.ts';

/** Lets a process of an earlier run finish draining. */
const FREE_TIMEOUT_MS = 3_000;
const POLL_INTERVAL_MS = 100;

/** @throws PipelineError CONFIG_INVALID naming the setting, if another program listens on the port. */
export async function assertPortFree(port: number, setting: string, host = '127.0.0.1'): Promise<void> {
  const deadline = Date.now() + FREE_TIMEOUT_MS;
  while (!(await isPortFree(port, host))) {
    if (Date.now() > deadline) {
      throw new PipelineError(
        'CONFIG_INVALID',
        `Port ${port} (${setting}) is in use by another program. Stop that program, or set ${setting} to another port.`,
      );
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** Whether this process can listen there now. */
export function isPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
