import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { isWebSocketHandshake, serveWebSockets } from '../progress/web-sockets.ts';
import { uploadTimeout } from '../submit/upload-errors.ts';
import type { ApiEnv } from './api-env.ts';
import { toProblem } from './problem.ts';

/** Enough for 75 MB at 1 Mbit/s. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
const LINGER_TIMEOUT_MS = 3_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** Timeouts fire up to this late. */
const CHECK_INTERVAL_MS = 5_000;
/** Requests that may wait on a connection for the answer to an earlier one. Browsers and libraries send one at a time. */
const MAX_WAITING_REQUESTS = 16;

const TIMEOUTS = {
  requestTimeout: REQUEST_TIMEOUT_MS,
  headersTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_INTERVAL_MS,
};

/** An HTTP server for the app. Invalid HTTP never reaches the app, but gets a problem document too. */
export function createApiServer(app: Hono<ApiEnv>): Server {
  const listener = getRequestListener(app.fetch, {
    autoCleanupIncoming: false,
    errorHandler: (error) => {
      const { body, headers } = malformed(error);
      return new Response(body, { status: 400, headers });
    },
  });
  const turns = createTurns();
  const server = createServer(
    {
      ...TIMEOUTS,
      // Its answer would come in the middle of an earlier one.
      shouldUpgradeCallback: (request) => isWebSocketHandshake(request) && !turns.isAnswering(request.socket),
    },
    (request, response) =>
      turns.take(request.socket, response, () => {
        request.url = toPath(request.url);
        response.once('finish', () => linger(request));
        void listener(request, response);
      }),
  );
  serveWebSockets(server, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable || turns.isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const { status, body, headers } = malformed(error);
    const fields = Object.entries({
      ...headers,
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    });
    const head = fields.map(([name, value]) => `${name}: ${value}`).join('\r\n');
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n\r\n${body}`);
  });
  return server;
}

/** The path of a target that is a whole URL, which may hold credentials: `Request` throws for those. */
function toPath(target = '/'): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') || path === target ? path : `/${path}`;
}

interface Turns {
  /** Answers now, or once the earlier requests of the connection are answered. Closes the connection if too many wait. */
  take(socket: Socket, response: ServerResponse, answer: () => void): void;
  /** Whether a request of the connection is being answered. */
  isAnswering(socket: Socket): boolean;
}

/**
 * The requests of each connection, one at a time. Node emits all requests that arrive together at once, which would block
 * the event loop while they begin. It also never closes the responses that wait for an earlier one, so work for them would
 * go on after their client has left.
 */
function createTurns(): Turns {
  const waiting = new WeakMap<Socket, Array<() => void>>();
  return {
    take(socket, response, answer) {
      const begin = () => {
        response.once('close', () => {
          const next = socket.destroyed ? undefined : waiting.get(socket)?.shift();
          if (next) next();
          else waiting.delete(socket);
        });
        answer();
      };
      const queue = waiting.get(socket);
      if (socket.destroyed) {
        return;
      }
      if (!queue) {
        waiting.set(socket, []);
        begin();
      } else if (queue.length < MAX_WAITING_REQUESTS) {
        queue.push(begin);
      } else {
        socket.destroy();
      }
    },
    isAnswering: (socket) => waiting.has(socket),
  };
}

/**
 * Reads on for a while if the answer came before the end of the upload. Closing the connection at once would reset it,
 * and many clients would lose the answer.
 */
function linger(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) {
    return;
  }
  const timer = setTimeout(() => request.socket.destroy(), LINGER_TIMEOUT_MS);
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

function malformed(thrown: unknown): { status: number; body: string; headers: Record<string, string> } {
  const error = toPipelineError(thrown);
  const problem = toProblem(error, '/');
  return {
    status: error.status,
    body: JSON.stringify(problem),
    headers: {
      'Content-Type': 'application/problem+json',
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': randomUUID(),
    },
  };
}

function toPipelineError(error: unknown): PipelineError {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return uploadTimeout('The request');
    case 'HPE_HEADER_OVERFLOW':
      return new PipelineError('HEADERS_TOO_LARGE', 'Expected at most 16 kB of headers but received more.');
    default:
      return new PipelineError(
        'REQUEST_MALFORMED',
        `Expected a valid HTTP request: ${message ?? 'unreadable'}.`,
      );
  }
}

export interface ServeOptions {
  host: string;
  port: number;
  /** How long requests in flight, above all uploads, may continue after the signal. */
  shutdownGraceMs: number;
  /** Called once no new request is accepted: ends streams that would last as long as their clients like. */
  onStop: () => void;
  logger: Logger;
}

const IDLE_CHECK_MS = 100;

/** Serves until the signal is aborted and the requests in flight have ended, or the grace period has. */
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
  // A kept-alive connection turns idle when its answer ends, and nothing else would close it then.
  const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const grace = setTimeout(() => {
    logger.warn({ shutdownGraceMs }, 'Closing requests that are still in flight');
    server.closeAllConnections();
  }, shutdownGraceMs);
  await closed;
  clearInterval(idleCheck);
  clearTimeout(grace);
  logger.info('API stopped');
}
