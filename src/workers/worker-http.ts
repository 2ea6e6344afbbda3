import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics/metrics.ts';
import type { WorkerHealth } from './lifecycle.ts';

export interface WorkerHttpOptions {
  host: string;
  /** 0 picks a free port, which is logged. */
  port: number;
  metrics: Metrics;
  health(): Promise<WorkerHealth>;
  /** Whether a request with this `Authorization` may read the metrics. */
  mayReadMetrics(authorization: string | undefined): Promise<boolean>;
  logger: Logger;
}

/**
 * Serves `/health/live`, `/health/ready` and `/metrics` to a supervisor and Prometheus, from before the worker starts until
 * it has drained. If the port is in use, it logs a warning and the worker runs without them.
 */
export async function serveWorkerHttp(options: WorkerHttpOptions): Promise<AsyncDisposable> {
  const { host, port, logger } = options;
  const server = createServer((request, response) => {
    void answer(options, request, response).catch((err) => {
      logger.warn({ err }, 'A health or metrics request failed');
      response.destroy();
    });
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
    logger.info({ host, port: (server.address() as AddressInfo).port }, 'Serving health and metrics');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    logger.warn(
      { host, port, code },
      `Health and metrics are not served: port ${port} cannot be used (${code})`,
    );
  }
  return {
    async [Symbol.asyncDispose]() {
      if (server.listening) {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }
    },
  };
}

async function answer(
  { metrics, health, mayReadMetrics }: WorkerHttpOptions,
  { method, url = '/', headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = url.split('?')[0];
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
  } else if (path === '/metrics') {
    if (!(await mayReadMetrics(headers.authorization))) {
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="limelight"' }).end();
      return;
    }
    const text = await metrics.render();
    response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text);
  } else if (path === '/health/live') {
    sendJson(response, 200, { status: 'ok' });
  } else if (path === '/health/ready') {
    const { isReady, ...rest } = await health();
    sendJson(response, isReady ? 200 : 503, { status: isReady ? 'ok' : 'down', ...rest });
  } else {
    response.writeHead(404).end();
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
