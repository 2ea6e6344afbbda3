import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

export interface ServerWatch {
  /** host:port */
  address: string;
  signal: AbortSignal;
  /** Milliseconds between questions, and until one counts as not answered. Default: 10 s each. */
  everyMs?: number;
  timeoutMs?: number;
  /** So many in a row. Default: 6. */
  misses?: number;
}

/**
 * Resolves when a Temporal server that is there has given up answering, or when the signal is aborted. It is asked for what it
 * has to read from its database: one whose only connection to its SQLite file is broken takes every request and answers
 * none, for ever. The setup builds one to which that does not happen; what is on PATH or published may be another.
 */
export async function untilSilent(watch: ServerWatch): Promise<void> {
  const { address, signal, everyMs = 10_000, timeoutMs = 10_000, misses = 6 } = watch;
  const connection = Connection.lazy({ address });
  const ask = () =>
    connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.withAbortSignal(signal, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      ),
    );
  try {
    for (let missed = 0; missed < misses; ) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) {
        return;
      }
      missed = await ask().then(
        () => 0,
        () => missed + 1,
      );
    }
  } finally {
    await connection.close();
  }
}
