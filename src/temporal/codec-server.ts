import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { parseBearer } from '../contracts/api-key.ts';
import { isFailure, PipelineError } from '../errors.ts';

const { Payloads } = proto.temporal.api.common.v1;

/** Temporal limits a message to 4 MB, which base64 makes a third longer. */
const MAX_BODY_BYTES = 8_000_000;
const SESSION_MS = 12 * 3_600_000;
const COOKIE = 'limelight-codec';

export interface CodecServerOptions {
  codec: PayloadCodec;
  /** Whether the secret of an API key may read payloads. */
  isAllowed(secret: string): Promise<boolean>;
  /** The origin of the Web UI, such as `http://127.0.0.1:8233`. Without one, only programs can use the server. */
  origin: string | undefined;
  host: string;
  port: number;
}

export interface CodecServer extends AsyncDisposable {
  url: string;
}

/**
 * Decodes and encodes payloads for Temporal's Web UI and CLI, by the protocol of their codec servers: `POST /decode` and
 * `POST /encode` with payloads as JSON. A caller sends an API key as `Authorization: Bearer`, or has signed in with one on
 * the page of the server; the cookie works for the Web UI of the same host only.
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const sessions = new Map<string, { secret: string; endsAt: number }>();
  const server = createServer((request, response) => {
    void answer(request, response, { ...options, sessions }).catch((error) => refuse(response, error));
  });
  server.requestTimeout = 30_000;
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Deps extends CodecServerOptions {
  /** By the value of the cookie. */
  sessions: Map<string, { secret: string; endsAt: number }>;
}

async function answer(request: IncomingMessage, response: ServerResponse, deps: Deps): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Origin');
  if (deps.origin !== undefined && request.headers.origin === deps.origin) {
    response.setHeader('Access-Control-Allow-Origin', deps.origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
  }
  // The Web UI adds a query.
  const [path] = request.url!.split('?');
  switch (`${request.method} ${path}`) {
    case 'GET /':
      send(response, 200, 'text/html; charset=utf-8', PAGE);
      return;
    case 'POST /':
      await signIn(request, response, deps);
      return;
    case 'OPTIONS /decode':
    case 'OPTIONS /encode':
      response.setHeader('Access-Control-Allow-Methods', 'POST');
      response.setHeader('Access-Control-Allow-Headers', 'authorization,content-type,x-namespace');
      response.writeHead(204).end();
      return;
    case 'POST /decode':
    case 'POST /encode':
      await assertSignedIn(request, deps);
      send(
        response,
        200,
        'application/json',
        JSON.stringify(
          await convert(await readBody(request), deps.codec, path === '/decode' ? 'decode' : 'encode'),
        ),
      );
      return;
  }
  send(response, 404, 'text/plain', 'Expected POST /decode or POST /encode\n');
}

async function convert(body: string, codec: PayloadCodec, how: 'decode' | 'encode'): Promise<object> {
  let payloads: proto.temporal.api.common.v1.IPayload[];
  try {
    payloads = Payloads.fromObject(JSON.parse(body)).payloads;
  } catch (cause) {
    throw new PipelineError('REQUEST_MALFORMED', 'Expected JSON such as {"payloads": []}.', { cause });
  }
  const converted = Payloads.fromObject({ payloads: await codec[how](payloads) });
  return { payloads: [], ...Payloads.toObject(converted, { bytes: String }) };
}

async function assertSignedIn(request: IncomingMessage, deps: Deps): Promise<void> {
  const bearer = parseBearer(request.headers.authorization ?? '');
  const session = deps.sessions.get(cookieOf(request) ?? '');
  const secret = bearer ?? (session && session.endsAt > Date.now() ? session.secret : undefined);
  if (secret === undefined) {
    throw new PipelineError(
      'KEY_REQUIRED',
      'Expected an API key with the scope admin: send it as "Authorization: Bearer …", or sign in on the page of this server.',
    );
  }
  // A revoked key ends its sessions too.
  await assertAllowed(secret, deps);
}

async function assertAllowed(secret: string, { isAllowed }: Deps): Promise<void> {
  if (!(await isAllowed(secret))) {
    throw new PipelineError('KEY_INVALID', 'This API key is unknown or revoked, or lacks the scope admin.');
  }
}

async function signIn(request: IncomingMessage, response: ServerResponse, deps: Deps): Promise<void> {
  const secret = new URLSearchParams(await readBody(request)).get('key')?.trim() ?? '';
  await assertAllowed(secret, deps);
  const { sessions } = deps;
  const now = Date.now();
  for (const [id, { endsAt }] of sessions) {
    if (endsAt <= now) sessions.delete(id);
  }
  // Not the key itself: a browser sends the cookie to every port of this host.
  const id = randomBytes(32).toString('base64url');
  sessions.set(id, { secret, endsAt: now + SESSION_MS });
  response.setHeader(
    'Set-Cookie',
    `${COOKIE}=${id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1000}`,
  );
  send(response, 200, 'text/html; charset=utf-8', SIGNED_IN);
}

function cookieOf({ headers }: IncomingMessage): string | undefined {
  const parts = (headers.cookie ?? '').split('; ').map((part) => part.split('='));
  return parts.find(([name]) => name === COOKIE)?.[1];
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new PipelineError('UPLOAD_TOO_LARGE', `Expected at most ${MAX_BODY_BYTES / 1e6} MB.`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // The rest of a body that is too large is not read.
  response.setHeader('Connection', 'close');
  const known = isFailure(
    error,
    'KEY_REQUIRED',
    'KEY_INVALID',
    'REQUEST_MALFORMED',
    'UPLOAD_TOO_LARGE',
    'CONFIG_INVALID',
  );
  send(response, known ? error.status : 500, 'text/plain', known ? `${error.message}\n` : 'It failed.\n');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response
    .writeHead(status, {
      'Content-Type': type,
      'Content-Security-Policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
    })
    .end(body);
}

const page = (body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Limelight codec server</title><body>${body}</body></html>`;

const PAGE = page(
  '<h1>Limelight codec server</h1><p>Sign in with an API key that has the scope <code>admin</code>, so that Temporal’s Web UI in this browser can read payloads.</p>' +
    '<form method="post" action="/"><label>API key <input name="key" type="password" autocomplete="off" required autofocus></label> <button>Sign in</button></form>',
);
const SIGNED_IN = page(
  '<h1>Signed in</h1><p>For twelve hours. Load the Web UI again. If it does not belong to <code>npm start</code>, click the glasses at the top: choose <em>my browser setting</em>, enter the address of this page, and include cross-origin credentials.</p>',
);
