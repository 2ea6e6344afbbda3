import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ignoreMissing } from '../../src/errors.ts';

export interface FileServer extends AsyncDisposable {
  url: string;
  /** The `Range` header of each request, in their order. */
  ranges: (string | undefined)[];
  /** How the next requests fare, one after the other; then they are served. */
  faults: Fault[];
  /** The file of the receiver. A connection is cut when it has all bytes that were sent. */
  storedIn: string;
  /** What it serves under every path. */
  content: Buffer;
  etag(): string;
  /** Sent with every answer, besides those of the file. */
  headers: Record<string, string>;
}

/** Cuts the connection after so many bytes, answers with a status, or says nothing at all. */
export type Fault = { cutAfter: number } | { status: number; body?: string | Buffer } | 'silence';

/** Serves one file with ranges and validators as RFC 9110 has them, and fails as it is told. */
export async function startFileServer(content: Buffer, storedIn: string): Promise<FileServer> {
  const server = createServer((request, response) => serve(request, response, state));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const state: FileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges: [],
    faults: [],
    storedIn,
    content,
    headers: {},
    etag: () => `"${createHash('sha256').update(state.content).digest('hex').slice(0, 16)}"`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
  return state;
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { ranges, faults, content, headers, ...server }: FileServer,
): void {
  const { range } = request.headers;
  ranges.push(range);
  const etag = server.etag();
  const isCurrent = request.headers['if-range'] === etag;
  const start = range && isCurrent ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
  const fault = faults.shift();
  if (fault === 'silence') {
    return;
  }
  if (fault && 'status' in fault) {
    response.writeHead(fault.status, headers).end(fault.body);
    return;
  }
  if (start >= content.length) {
    response.writeHead(416, { 'Content-Range': `bytes */${content.length}` }).end();
    return;
  }
  response.writeHead(start > 0 ? 206 : 200, {
    ...headers,
    ETag: etag,
    'Content-Length': content.length - start,
    ...(start > 0 && { 'Content-Range': `bytes ${start}-${content.length - 1}/${content.length}` }),
  });
  if (fault) {
    response.write(content.subarray(start, start + fault.cutAfter));
    void cut(response, server.storedIn, start + fault.cutAfter);
  } else {
    response.end(content.subarray(start));
  }
}

/** Bytes that are still on their way when a connection is cut are lost. */
async function cut(response: ServerResponse, path: string, bytes: number): Promise<void> {
  const isStored = async () => (await ignoreMissing(stat(path)))?.size === bytes;
  while (!response.closed && !(await isStored())) await sleep(5);
  response.destroy();
}
