import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Hono } from 'hono';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiEnv } from '../http/api-env.ts';
import type { EventSocket } from './socket-reader.ts';

/** Clients have nothing to say on these connections. */
const MAX_MESSAGE_BYTES = 1024;
/** For the other side to answer a close. */
const CLOSE_TIMEOUT_MS = 2_000;
const PONG_TIMEOUT_MS = 20_000;

export interface SocketHandlers {
  onOpen(socket: EventSocket): void;
  onClose(): void;
}

/**
 * Has requests for a WebSocket go the way of all others: the app's route accepts one by `c.env.acceptSocket`, or its
 * answer is the refusal.
 */
export function serveWebSockets(server: Server, app: Hono<ApiEnv>): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', async (incoming: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on('error', () => connection.destroy());
    let accepted: SocketHandlers | undefined;
    const acceptSocket = (handlers: SocketHandlers) => {
      accepted = handlers;
    };
    const answer = await app.fetch(toRequest(incoming), { incoming, acceptSocket });
    const open = accepted as SocketHandlers | undefined;
    if (!open) {
      await refuse(connection, answer);
      return;
    }
    if (connection.destroyed) {
      open.onClose();
      return;
    }
    sockets.handleUpgrade(incoming, connection, head, (socket) => {
      socket.on('error', () => socket.terminate());
      socket.on('close', open.onClose);
      open.onOpen(toEventSocket(socket));
    });
  });
  server.on('close', () => sockets.close());
}

function toRequest({ url = '/', headers }: IncomingMessage): Request {
  const fields = Object.entries(headers).flatMap(
    ([name, value]): Array<[string, string]> =>
      value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  const host = headers.host ?? 'localhost';
  const base = URL.canParse(`http://${host}`) ? `http://${host}` : 'http://localhost';
  return new Request(new URL(url.startsWith('/') ? `${base}${url}` : '/', base), { headers: fields });
}

async function refuse(connection: Duplex, answer: Response): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  const fields = [...answer.headers, ['content-length', String(body.length)], ['connection', 'close']];
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  connection.end(Buffer.concat([Buffer.from(`${status}${head}\r\n`), body]));
}

/** Ends a peer that is gone without a word: it answers no ping and no close. */
function toEventSocket(socket: WebSocket): EventSocket {
  let awaitedSince: number | undefined;
  socket.on('pong', () => {
    awaitedSince = undefined;
  });
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (text, options) => socket.send(text, options),
    ping() {
      awaitedSince ??= Date.now();
      if (Date.now() - awaitedSince > PONG_TIMEOUT_MS) {
        socket.terminate();
      } else {
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
