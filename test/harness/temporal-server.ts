import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';

// Jobs fail on purpose here; only what goes wrong in the SDK itself is worth a line.
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

export interface TestServer extends AsyncDisposable {
  address: string;
  /** The server's process. */
  pid: number;
  client: Client;
  workerConnection: NativeConnection;
}

/** A real Temporal server of the test's own, with an empty database that goes with it. */
export async function startTestServer(): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'limelight-temporal-'));
  const server = await startDevServer({
    binary: findTemporalBinary(process.env),
    dir,
    port: await freePort(),
  });
  const connection = await Connection.connect({ address: server.address });
  const workerConnection = await NativeConnection.connect({ address: server.address });
  return {
    address: server.address,
    pid: server.process.pid!,
    client: new Client({ connection }),
    workerConnection,
    async [Symbol.asyncDispose]() {
      await connection.close();
      await workerConnection.close();
      // Its own way of stopping takes a second, and its database goes anyway.
      server.process.kill('SIGKILL');
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
