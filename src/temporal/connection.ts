import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { type ClientConnectConfig, toClientOptions } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from '../config/config.ts';
import { isFailure, PipelineError } from '../errors.ts';
import { findRefusal, isUnauthorized } from './connection-refusal.ts';
import { createPayloadPlugin } from './payload-codec.ts';
import { withPromptResults } from './prompt-results.ts';

type Settings = Pick<Config['temporal'], 'address' | 'namespace' | 'profile' | 'payloadKeys' | 'embedded'>;

const RETRY_INTERVAL_MS = 250;
const NAMESPACE_TIMEOUT_MS = 2_000;

/** Address of the Temporal server: the cluster in the settings, or the embedded server on this machine. */
export function temporalAddress({ address, embedded }: Pick<Settings, 'address' | 'embedded'>): string {
  return address ?? `127.0.0.1:${embedded.port}`;
}

/**
 * For workers. Waits at most `waitMs` for a server that is still starting. Every worker and client of the connection
 * encrypts its payloads as the settings say, and so do those of the two functions below.
 * @throws PipelineError CONFIG_INVALID at once if the server refuses the connection as it is set up, with what to change;
 *   TEMPORAL_UNAVAILABLE if it does not answer.
 */
export async function connectWorker(settings: Settings, waitMs = 60_000): Promise<NativeConnection> {
  return whenReady(settings, waitMs, (options) => NativeConnection.connect(options));
}

/** For the command line. The caller closes its `connection`. Rejects as `connectWorker` does. */
export async function connectClient(settings: Settings, waitMs = 60_000): Promise<Client> {
  const connection = await whenReady(settings, waitMs, (options) =>
    Connection.connect({ ...options, connectTimeout: 2_000 }),
  );
  return new Client({ connection: withPromptResults(connection), namespace: settings.namespace });
}

/**
 * For a process that keeps running while Temporal is down: connects with the first call and reconnects within seconds.
 * Calls fail at once and are not retried, because callers get a Retry-After or have their own backoff, and because a
 * retry that is pending when the connection closes would end the process. The caller closes its `connection`.
 */
export function openLazyClient(settings: Settings): Client {
  const connection = Connection.lazy({
    ...toConnectionOptions(settings),
    interceptors: [],
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
  return new Client({ connection: withPromptResults(connection), namespace: settings.namespace });
}

/**
 * Resolves if the server accepts the connection, or does not answer.
 * @throws PipelineError CONFIG_INVALID if it refuses the connection as it is set up, with what to change.
 */
export async function assertNotRefused(settings: Settings): Promise<void> {
  try {
    const { connection } = await connectClient(settings, 0);
    await connection.close();
  } catch (error) {
    if (isFailure(error, 'CONFIG_INVALID')) {
      throw error;
    }
  }
}

async function whenReady<T extends NativeConnection | Connection>(
  settings: Settings,
  waitMs: number,
  connect: (options: ReturnType<typeof toConnectionOptions>) => Promise<T>,
): Promise<T> {
  const options = toConnectionOptions(settings);
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await assertMayUse(await connect(options), settings.namespace);
    } catch (cause) {
      const refusal = await findRefusal(options, cause);
      if (refusal) {
        throw new PipelineError('CONFIG_INVALID', `Temporal at ${options.address} ${refusal}`, { cause });
      }
      if (Date.now() > deadline) {
        throw new PipelineError(
          'TEMPORAL_UNAVAILABLE',
          `Temporal does not answer at ${options.address}. Start it, or correct TEMPORAL_ADDRESS.`,
          { cause },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
    }
  }
}

/**
 * Some servers accept every connection, and check the API key only when a call is made. Other failures, such as a namespace
 * that does not exist, are left to the first call.
 */
async function assertMayUse<T extends NativeConnection | Connection>(
  connection: T,
  namespace: string,
): Promise<T> {
  try {
    await connection.withDeadline(Date.now() + NAMESPACE_TIMEOUT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    if (isUnauthorized(error)) {
      await connection.close();
      throw error;
    }
  }
  return connection;
}

/** @throws PipelineError CONFIG_INVALID if a certificate cannot be used. */
function toConnectionOptions(settings: Settings) {
  assertWhole(settings.profile);
  const profile = { ...settings.profile, address: temporalAddress(settings) };
  const { tls, apiKey, metadata } = readFiles(() => toClientOptions(profile).connectionOptions);
  if (tls && typeof tls === 'object') {
    assertUsable(tls);
  }
  return {
    address: profile.address,
    tls,
    apiKey,
    metadata,
    plugins: [createPayloadPlugin(settings.payloadKeys)],
  };
}

/** The SDK ignores half of a pair, and would connect without a certificate. */
function assertWhole({ address, apiKey, tls }: Settings['profile']): void {
  if (address === undefined && (apiKey !== undefined || (tls && !tls.disabled))) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `${apiKey === undefined ? 'TEMPORAL_TLS' : 'TEMPORAL_API_KEY'}: set TEMPORAL_ADDRESS too; the embedded server has neither keys nor TLS`,
    );
  }
  if (tls && (tls.clientCert === undefined) !== (tls.clientKey === undefined)) {
    const [given, missing] = tls.clientCert ? ['CERT', 'KEY'] : ['KEY', 'CERT'];
    throw new PipelineError(
      'CONFIG_INVALID',
      `TEMPORAL_TLS_CLIENT_${given}_PATH: set TEMPORAL_TLS_CLIENT_${missing}_PATH too`,
    );
  }
}

type Options = ClientConnectConfig['connectionOptions'];

function readFiles(read: () => Options): Options {
  try {
    return read();
  } catch (error) {
    const { path, code } = error as NodeJS.ErrnoException;
    throw new PipelineError('CONFIG_INVALID', `TEMPORAL_TLS: the file ${path} cannot be read (${code})`, {
      cause: error,
    });
  }
}

/** Checks what is known before a connection, because a server only closes it. */
function assertUsable({
  serverRootCACertificate,
  clientCertPair,
}: Exclude<Options['tls'], boolean | null | undefined>) {
  if (serverRootCACertificate) {
    parse(
      'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
      'a certificate in PEM',
      () => new X509Certificate(serverRootCACertificate),
    );
  }
  if (clientCertPair) {
    const { crt, key } = clientCertPair;
    const certificate = parse(
      'TEMPORAL_TLS_CLIENT_CERT_PATH',
      'a certificate in PEM',
      () => new X509Certificate(crt),
    );
    const privateKey = parse(
      'TEMPORAL_TLS_CLIENT_KEY_PATH',
      'a private key in PEM without a passphrase',
      () => createPrivateKey(Buffer.from(key)),
    );
    if (!certificate.checkPrivateKey(privateKey)) {
      throw new PipelineError(
        'CONFIG_INVALID',
        'TEMPORAL_TLS_CLIENT_KEY_PATH: expected the key of the certificate in TEMPORAL_TLS_CLIENT_CERT_PATH',
      );
    }
  }
}

function parse<T>(name: string, expected: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PipelineError('CONFIG_INVALID', `${name}: expected ${expected}`, { cause });
  }
}
