import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { type DevServer, startDevServer } from '../../src/temporal/dev-server.ts';

/** What a file receives: the address of its server, or why there is none. */
export type SharedTemporal = { address: string } | { message: string };

/**
 * Global setup: one Temporal server for each worker of vitest, started when the worker's first file asks for it, or before. A file
 * sends the id of its worker to the socket SHARED_TEMPORAL and receives the address; see `openTestNamespace`.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'limelight-temporal-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const servers = new Map<string, Promise<DevServer>>();
  const start = async (worker: string) => {
    const binary = findTemporalBinary(process.env);
    const server = await startDevServer({ binary, dir: join(dir, worker), port: await freePort() });
    // Its worker gets another if it crashes.
    server.process.once('exit', () => servers.delete(worker));
    return server;
  };
  const serverOf = (worker: string) => {
    const server = servers.get(worker) ?? start(worker);
    servers.set(worker, server);
    return server;
  };
  resources.defer(async () => {
    for (const server of await Promise.allSettled(servers.values())) {
      // A graceful stop takes a second, and the database is deleted anyway.
      if (server.status === 'fulfilled') await kill(server.value);
    }
  });

  // Nearly every service file asks for one. It starts while the first file loads.
  if (project.name === 'service') void serverOf('1').catch(() => {});

  const socketPath = project.config.env.SHARED_TEMPORAL!;
  const respond = async (socket: Socket) => {
    const [worker] = await once(socket, 'data');
    const answer: SharedTemporal = await serverOf(String(worker)).then(
      ({ address }) => ({ address }),
      ({ message }: Error) => ({ message }),
    );
    socket.end(JSON.stringify(answer));
  };
  // A file that ends before it has its answer needs none.
  const listener = createServer((socket) => void respond(socket).catch(() => socket.destroy()));
  listener.listen(socketPath);
  resources.defer(() => void listener.close());
  await once(listener, 'listening');
  return () => resources.disposeAsync();
}

async function kill(server: DevServer): Promise<void> {
  server.process.kill('SIGKILL');
  await server.stop();
}
