import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Hono } from 'hono';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiEnv } from '../http/api-env.ts';
import type { EventSocket, SocketHandlers } from './socket-reader.ts';

/** Clients send nothing on these connections but pongs, and pings of their own. */
const MAX_MESSAGE_BYTES = 1024;
/** Between two of our pings, which are seconds apart. */
const MAX_FRAMES_RECEIVED = 100;
const CLOSE_TIMEOUT_MS = 2_000;
const PONG_TIMEOUT_MS = 20_000;

const PROGRESS_PATH = /^\/api\/pipeline\/progress\/[\w-]{1,100}(\?|$)/;

/**
 * Whether a request may become a WebSocket. Node ignores all other upgrades and serves them as ordinary requests, so
 * large bodies keep their backpressure.
 */
export function isWebSocketHandshake({ method, url = '', headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && PROGRESS_PATH.test(url);
}

/**
 * Sends handshakes through the app like any request: its route accepts with `c.env.acceptSocket`, or its answer is the
 * refusal.
 */
export function serveWebSockets(server: Server, app: Hono<ApiEnv>): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  async function answer(incoming: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const closed = new AbortController();
    connection.once('close', () => closed.abort());
    // A connection that is not read does not notice that its client leaves. Clients send nothing before the answer.
    const leave = () => connection.destroy();
    connection.once('end', leave).resume();
    let accepted: SocketHandlers | undefined;
    const acceptSocket = (handlers: SocketHandlers) => {
      accepted = handlers;
    };
    const response = await app.fetch(toRequest(incoming, closed.signal), { incoming, acceptSocket });
    const handlers = accepted as SocketHandlers | undefined;
    if (!handlers) {
      await refuse(connection, response);
      return;
    }
    if (connection.destroyed) {
      handlers.onClose();
      return;
    }
    connection.off('end', leave);
    connection.once('close', handlers.onClose);
    sockets.handleUpgrade(incoming, connection, head, (socket) => {
      socket.on('error', () => socket.terminate());
      handlers.onOpen(toEventSocket(socket));
    });
  }

  server.on('upgrade', (incoming: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on('error', () => connection.destroy());
    // An error here has no request to answer, and must not end the process.
    answer(incoming, connection, head).catch(() => connection.destroy());
  });
  server.on('close', () => sockets.close());
}

function toRequest({ url, headers }: IncomingMessage, signal: AbortSignal): Request {
  const fields = Object.entries(headers).flatMap(
    ([name, value]): Array<[string, string]> =>
      value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  // A fixed base: the client chooses the Host header, which may be no valid part of a URL.
  return new Request(`http://localhost${url}`, { headers: fields, signal });
}

async function refuse(connection: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const fields = [...response.headers, ['content-length', String(body.length)], ['connection', 'close']];
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const status = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}\r\n`;
  connection.end(Buffer.concat([Buffer.from(`${status}${head}\r\n`), body]));
}

/** Terminates a peer that answers neither pings nor the close frame, and one that floods the connection. */
function toEventSocket(socket: WebSocket): EventSocket {
  let pingedAt: number | undefined;
  let received = 0;
  const count = () => {
    received += 1;
    if (received > MAX_FRAMES_RECEIVED) socket.terminate();
  };
  socket.on('message', count);
  socket.on('ping', count);
  socket.on('pong', () => {
    pingedAt = undefined;
    count();
  });
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text, options) => socket.send(text, options),
    ping() {
      pingedAt ??= Date.now();
      if (Date.now() - pingedAt > PONG_TIMEOUT_MS) {
        socket.terminate();
      } else {
        received = 0;
        socket.ping();
      }
    },
    close(code, reason) {
      socket.close(code, reason);
      const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
      socket.once('close', () => clearTimeout(timer));
    },
    terminate: () => socket.terminate(),
  };
}
