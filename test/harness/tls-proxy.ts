import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Identity } from './certificates.ts';

export interface TlsProxyOptions {
  /** host:port of a Temporal server without TLS. */
  target: string;
  identity: Identity;
  /** Clients must have a certificate of this authority. */
  clientAuthority?: Identity;
  /** Clients must send this key. */
  apiKey?: string;
  /** Whether the features of the server can be read without a key, as with Temporal's own server. */
  isGreetingOpen?: boolean;
}

export interface TlsProxy extends AsyncDisposable {
  /** host:port. */
  address: string;
  /** Calls that it passed on. */
  calls: number;
}

/** Gives a Temporal server TLS and API keys, as the frontend of a cluster has them: gRPC is passed on call by call. */
export async function startTlsProxy(options: TlsProxyOptions): Promise<TlsProxy> {
  const { target, identity, clientAuthority, apiKey, isGreetingOpen = false } = options;
  const sessions = new Set<ServerHttp2Session | ClientHttp2Session>();
  const keep = <T extends ServerHttp2Session | ClientHttp2Session>(session: T): T => {
    sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
    return session;
  };
  // Every poller of a worker is a stream that stays open.
  const upstream = keep(connect(`http://${target}`, { peerMaxConcurrentStreams: 10_000 }));
  const server = createSecureServer({
    ...identity,
    ...(clientAuthority && { ca: clientAuthority.cert, requestCert: true, rejectUnauthorized: true }),
  });
  const proxy = { calls: 0 };
  server.on('session', keep);
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const isOpen = apiKey === undefined || (isGreetingOpen && headers[':path']!.endsWith('/GetSystemInfo'));
    if (!isOpen && headers.authorization !== `Bearer ${apiKey}`) {
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '16',
          'grpc-message': 'Request unauthorized.',
        },
        { endStream: true },
      );
      return;
    }
    proxy.calls += 1;
    passOn(stream, headers, upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(proxy, {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  });
}

function passOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: ClientHttp2Session): void {
  const request = upstream.request({ ...headers, ':scheme': 'http' });
  let trailers: IncomingHttpHeaders = {};
  request.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  request.on('trailers', (received) => {
    trailers = received;
  });
  request.on('response', (answer, flags) => {
    if (stream.destroyed) return;
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(answer, isWhole ? { endStream: true } : { waitForTrailers: true });
    if (!isWhole) request.pipe(stream);
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.once('aborted', () => request.close(constants.NGHTTP2_CANCEL));
  stream.pipe(request);
}
