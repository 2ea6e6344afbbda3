import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from '../config/config.ts';
import { PipelineError } from '../errors.ts';

const RETRY_EVERY_MS = 250;

/** Where the Temporal server answers: the cluster of the settings, or the embedded server of this machine. */
export function temporalAddress(config: Config['temporal']): string {
  return config.address ?? `127.0.0.1:${config.embedded.port}`;
}

/** For workers. A server that is still starting is waited for, `waitMs` at most. */
export async function connectWorker(config: Config['temporal'], waitMs = 60_000): Promise<NativeConnection> {
  return whenReady(config, waitMs, () => NativeConnection.connect({ address: temporalAddress(config) }));
}

/** For the API and the command line. Close its `connection` at the end. */
export async function connectClient(config: Config['temporal'], waitMs = 60_000): Promise<Client> {
  const connection = await whenReady(config, waitMs, () =>
    Connection.connect({ address: temporalAddress(config), connectTimeout: 2_000 }),
  );
  return new Client({ connection, namespace: config.namespace });
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
      await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
    }
  }
}
