import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { DefaultLogger, type NativeConnection, Runtime } from '@temporalio/worker';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { SEARCH_ATTRIBUTES, searchAttributeType } from '../../src/contracts/search-attributes.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { connectClient, connectWorker } from '../../src/temporal/connection.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import type { SharedTemporal } from './shared-temporal.ts';

// Jobs fail on purpose here; only what goes wrong in the SDK itself is worth a line.
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

/** A namespace on a real Temporal server, and connections to it. */
export interface TestServer extends AsyncDisposable {
  address: string;
  namespace: string;
  /** Settings with which a process uses them. */
  env: { TEMPORAL_ADDRESS: string; TEMPORAL_NAMESPACE: string; TEMPORAL_PAYLOAD_KEYS: string };
  /** With which its clients and workers encrypt. */
  payloadKeys: readonly string[];
  client: Client;
  workerConnection: NativeConnection;
}

/**
 * A real Temporal server of the test's own, with an empty database that goes with it.
 * @param dynamicConfig of the server, such as lower limits
 */
export async function startTestServer(
  dynamicConfig: Record<string, string | number> = {},
  payloadKeys: readonly string[] = [],
): Promise<TestServer & { pid: number }> {
  const dir = await mkdtemp(join(tmpdir(), 'limelight-temporal-'));
  const server = await startDevServer({
    binary: findTemporalBinary(process.env),
    dir,
    port: await freePort(),
    dynamicConfig,
  });
  const connected = await connectTo(server.address, 'default', payloadKeys);
  return {
    ...connected,
    pid: server.process.pid!,
    async [Symbol.asyncDispose]() {
      await connected[Symbol.asyncDispose]();
      // A graceful stop takes a second, and the database is deleted anyway.
      server.process.kill('SIGKILL');
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/**
 * An empty namespace on the server that the test files of one vitest worker share. It takes 20 ms; a server takes 0.3 s
 * and 0.4 s of CPU. What a test leaves running there has no worker any more. Its payloads are encrypted, so that every test
 * shows that what reads them decrypts them.
 */
export async function openTestNamespace(): Promise<TestServer> {
  const address = await sharedAddress();
  const namespace = `test-${randomUUID()}`;
  // Before anything asks for it: the server remembers for some seconds that a namespace does not exist.
  const { connection } = await connectClient(loadConfig({ TEMPORAL_ADDRESS: address }).temporal);
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_DATETIME } =
    proto.temporal.api.enums.v1.IndexedValueType;
  const types = { Keyword: INDEXED_VALUE_TYPE_KEYWORD, Datetime: INDEXED_VALUE_TYPE_DATETIME };
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      Object.values(SEARCH_ATTRIBUTES).map((name) => [name, types[searchAttributeType(name)]]),
    ),
  });
  await connection.close();
  return connectTo(address, namespace, [newPayloadKey()]);
}

/** See `shared-temporal.ts`. */
async function sharedAddress(): Promise<string> {
  const { SHARED_TEMPORAL, VITEST_POOL_ID } = process.env;
  if (!SHARED_TEMPORAL || !VITEST_POOL_ID) {
    throw new Error('Only test files of a project with shared Temporal servers can open a namespace');
  }
  const socket = connect(SHARED_TEMPORAL);
  socket.write(VITEST_POOL_ID);
  const answer = JSON.parse(await text(socket)) as SharedTemporal;
  if ('address' in answer) return answer.address;
  throw new Error(`The shared Temporal server did not start: ${answer.message}`);
}

export function newPayloadKey(): string {
  return randomBytes(32).toString('base64');
}

/** Clients and workers of a namespace on a server. */
export async function connectTo(
  address: string,
  namespace: string,
  payloadKeys: readonly string[],
): Promise<TestServer> {
  const env = {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_PAYLOAD_KEYS: payloadKeys.join(','),
  };
  const settings = loadConfig(env).temporal;
  const client = await connectClient(settings);
  const workerConnection = await connectWorker(settings);
  return {
    address,
    namespace,
    env,
    payloadKeys,
    client,
    workerConnection,
    async [Symbol.asyncDispose]() {
      await client.connection.close();
      await workerConnection.close();
    },
  };
}
