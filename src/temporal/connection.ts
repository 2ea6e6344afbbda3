import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from '../config/config.ts';
import { PipelineError } from '../errors.ts';
import { withPromptResults } from './prompt-results.ts';

const RETRY_INTERVAL_MS = 250;

/** Address of the Temporal server: the cluster in the settings, or the embedded server on this machine. */
export function temporalAddress(config: Config['temporal']): string {
  return config.address ?? `127.0.0.1:${config.embedded.port}`;
}

/** For workers. Waits at most `waitMs` for a server that is still starting. */
export async function connectWorker(config: Config['temporal'], waitMs = 60_000): Promise<NativeConnection> {
  return whenReady(config, waitMs, () => NativeConnection.connect({ address: temporalAddress(config) }));
}

/** For the command line. The caller closes its `connection`. */
export async function connectClient(config: Config['temporal'], waitMs = 60_000): Promise<Client> {
  const connection = await whenReady(config, waitMs, () =>
    Connection.connect({ address: temporalAddress(config), connectTimeout: 2_000 }),
  );
  return new Client({ connection: withPromptResults(connection), namespace: config.namespace });
}

async function whenReady<T>(
  config: Config['temporal'],
  waitMs: number,
  connect: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await connect();
    } catch (cause) {
      if (Date.now() > deadline) {
        throw new PipelineError(
          'TEMPORAL_UNAVAILABLE',
          `Temporal does not answer at ${temporalAddress(config)}. Start it, or correct TEMPORAL_ADDRESS.`,
          { cause },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
    }
  }
}

/**
 * For a process that keeps running while Temporal is down: connects with the first call and reconnects within seconds.
 * Calls fail at once and are not retried, because callers get a Retry-After or have their own backoff, and because a
 * retry that is pending when the connection closes would end the process.
 */
export function openLazyConnection(address: string): Connection {
  return withPromptResults(
    Connection.lazy({
      address,
      interceptors: [],
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 },
    }),
  );
}
