import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../telemetry/logger.ts';

export interface ServeOptions {
  host: string;
  port: number;
  /** What requests in flight get after the signal, uploads above all. */
  shutdownGraceMs: number;
  /** Called when no new request is taken any more: ends what would go on for as long as its client likes. */
  onStop: () => void;
  logger: Logger;
}

const IDLE_CHECK_MS = 100;

/** Serves until the signal is aborted and the requests in flight have ended, or the grace has. */
export async function serveUntilStopped(
  server: Server,
  { host, port, shutdownGraceMs, onStop, logger }: ServeOptions,
  signal: AbortSignal,
): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
  logger.info({ host, port: (server.address() as AddressInfo).port }, 'API listening');
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
  const closed = once(server, 'close');
  server.close();
  onStop();
  // A connection that is kept alive turns idle when its answer ends; nobody else would close it then.
  const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const grace = setTimeout(() => {
    logger.warn({ shutdownGraceMs }, 'Cutting the requests that are still in flight');
    server.closeAllConnections();
  }, shutdownGraceMs);
  await closed;
  clearInterval(idleCheck);
  clearTimeout(grace);
  logger.info('API stopped');
}
