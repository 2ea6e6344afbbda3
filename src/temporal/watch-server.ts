import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { ignoreFailure } from '../errors.ts';

export interface ServerWatch {
  /** host:port */
  address: string;
  signal: AbortSignal;
  /** Default: 10 s each. */
  intervalMs?: number;
  timeoutMs?: number;
  /** Failed requests in a row. Default: 6. */
  maxFailures?: number;
}

/**
 * Resolves when a running Temporal server no longer answers, or when the signal is aborted. The request reads the
 * database: a server whose only connection to its SQLite file is broken accepts every request and answers none. The setup
 * builds a server without that bug, but the one on PATH may have it.
 */
export async function untilSilent(watch: ServerWatch): Promise<void> {
  const { address, signal, intervalMs = 10_000, timeoutMs = 10_000, maxFailures = 6 } = watch;
  const connection = Connection.lazy({ address });
  const ask = () =>
    connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.withAbortSignal(signal, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      ),
    );
  try {
    for (let failures = 0; failures < maxFailures; ) {
      await ignoreFailure(sleep(intervalMs, undefined, { signal }), 'the next line checks the signal');
      if (signal.aborted) {
        return;
      }
      failures = await ask().then(
        () => 0,
        () => failures + 1,
      );
    }
  } finally {
    await connection.close();
  }
}
