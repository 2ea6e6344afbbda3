import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { grpcStatus } from './temporal-error.ts';

type Options = Pick<ClientConnectConfig['connectionOptions'], 'address' | 'tls' | 'apiKey'>;

const TIMEOUT_MS = 2_000;
const DEFAULT_PORT = 7233;
/** The server closed the connection after the handshake, before it sent anything. */
const CLOSED = 'connection closed';

/**
 * Why the server refuses this connection, and what to change, as the rest of a sentence about the server. `undefined` if
 * the server does not answer, or for a reason that waiting may remove.
 *
 * The SDK has two clients, each with its own words for a failed handshake, and a refused certificate often shows as a lost
 * connection. So the handshake is made once more by Node, whose error codes are documented.
 * @param cause what the SDK failed with
 */
export async function findRefusal(options: Options, cause: unknown): Promise<string | undefined> {
  if (isUnauthorized(cause)) {
    return options.apiKey === undefined
      ? 'requires an API key. Set TEMPORAL_API_KEY.'
      : 'refuses the API key. Correct TEMPORAL_API_KEY.';
  }
  const error = await shakeHands(options);
  return options.tls ? explain(error, options) : explainPlain(error);
}

/** The parts of `host:port`, where IPv6 addresses are in brackets and the port is optional. */
export function splitAddress(address: string): { host: string; port: number } {
  const { hostname, port } = new URL(`tls://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORT) };
}

/** A native connection that fails to open has no status code, but its message contains the description. */
export function isUnauthorized(cause: unknown): boolean {
  const code = grpcStatus(cause);
  return code === undefined
    ? cause instanceof Error &&
        /valid authentication credentials|does not have permission/.test(cause.message)
    : code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED;
}

/** Resolves to `undefined` once the server sends its first bytes: only then has it accepted the client's certificate. */
function shakeHands({ address, tls }: Options): Promise<NodeJS.ErrnoException | undefined> {
  const { host, port } = splitAddress(address!);
  const settings = tls && typeof tls === 'object' ? tls : {};
  const { serverNameOverride, serverRootCACertificate: ca, clientCertPair } = settings;
  const servername = serverNameOverride ?? (isIP(host) ? undefined : host);
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      host,
      port,
      // Names only: an address is checked without it.
      ...(servername !== undefined && { servername }),
      ALPNProtocols: ['h2'],
      timeout: TIMEOUT_MS,
      rejectUnauthorized: Boolean(tls),
      ...(ca && { ca: Buffer.from(ca) }),
      ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
    });
    let isSecure = false;
    socket.once('secureConnect', () => {
      isSecure = true;
    });
    const end = (error?: NodeJS.ErrnoException) => {
      socket.destroy();
      resolve(error);
    };
    socket.once('data', () => end());
    socket.once('error', end);
    socket.once('timeout', () => end(Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' })));
    socket.once('close', () =>
      end(Object.assign(new Error('Closed'), { code: isSecure ? CLOSED : 'ECONNRESET' })),
    );
  });
}

/** By an alert, or by closing the connection without a word. */
function isCertificateRefused(code: string | undefined): boolean {
  return code === CLOSED || (code?.includes('_ALERT_') ?? false);
}

function explain({ code }: NodeJS.ErrnoException = new Error(), { tls }: Options): string | undefined {
  const hasCertificate = typeof tls === 'object' && tls?.clientCertPair !== undefined;
  switch (code) {
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
      return 'has a certificate of an unknown authority. Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of that authority.';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'has a certificate for another name. Correct TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME to a name in the certificate.';
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'has a certificate that is expired or not valid yet. Renew it, or correct the clock of this machine.';
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'does not speak TLS. Set TEMPORAL_TLS=false, or correct TEMPORAL_ADDRESS.';
  }
  if (isCertificateRefused(code)) {
    return hasCertificate
      ? `refuses the client certificate (${code}). Correct TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.`
      : 'requires a client certificate. Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH.';
  }
}

/** A server that completes the handshake, or ends it with an alert, expects TLS. */
function explainPlain(error: NodeJS.ErrnoException | undefined): string | undefined {
  return error === undefined || isCertificateRefused(error.code)
    ? 'expects TLS. Set TEMPORAL_TLS=true.'
    : undefined;
}
