import { connect, type Socket } from 'node:net';

export interface RawConnection extends Disposable {
  socket: Socket;
  /** What has come back so far, a character per byte. */
  received(): string;
  /** Resolves when the connection is closed, by either side. */
  closed: Promise<unknown>;
}

/** A connection to an API for bytes that no HTTP client would send. */
export function openRawConnection(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  // A refusal may close it while something is still being sent.
  socket.on('error', () => {});
  return {
    socket,
    received: () => received,
    closed: new Promise((resolve) => socket.once('close', resolve)),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** The head of a request. */
export function toHead(method: string, path: string, headers: Record<string, string> = {}): string {
  const fields = Object.entries({ Host: 'localhost', ...headers });
  return `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
