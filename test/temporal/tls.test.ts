import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/process/load-config.ts';
import { connectClient, connectWorker, openLazyClient } from '../../src/temporal/connection.ts';
import { createAuthority, type Identity, issue } from '../harness/certificates.ts';
import { limelight } from '../harness/cli/limelight.ts';
import { fileResources } from '../harness/file-resources.ts';
import { createHarness } from '../harness/pipeline-harness.ts';
import { stackPorts } from '../harness/stack/stack-environment.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { startTlsProxy, type TlsProxyOptions } from '../harness/tls-proxy.ts';

const API_KEY = 'key-of-the-cluster';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const folder = await mkdtemp(join(tmpdir(), 'limelight-tls-'));
resources.defer(() => rm(folder, { recursive: true, force: true }));
const [authority, otherAuthority] = [await createAuthority(), await createAuthority('Another authority')];
const [serverIdentity, clientIdentity] = [
  await issue(authority, '127.0.0.1'),
  await issue(authority, 'limelight'),
];

/** A cluster that checks both sides' certificates, and an API key. */
const startCluster = (options: Partial<TlsProxyOptions> = {}) =>
  startTlsProxy({
    target: server.address,
    identity: serverIdentity,
    clientAuthority: authority,
    apiKey: API_KEY,
    ...options,
  });

async function save(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function clientVariables({ cert, key }: Identity, name = 'client') {
  return {
    TEMPORAL_TLS_CLIENT_CERT_PATH: await save(`${name}.pem`, cert),
    TEMPORAL_TLS_CLIENT_KEY_PATH: await save(`${name}.key`, key),
  };
}

const caVariables = { TEMPORAL_TLS_SERVER_CA_CERT_PATH: await save('ca.pem', authority.cert) };
const valid = {
  ...caVariables,
  ...(await clientVariables(clientIdentity)),
  TEMPORAL_API_KEY: API_KEY,
  TEMPORAL_NAMESPACE: server.namespace,
};

type Variables = Record<string, string | undefined>;
const settingsOf = (address: string, variables: Variables) =>
  loadConfig({ ...variables, TEMPORAL_ADDRESS: address }).temporal;

describe('a cluster with TLS, client certificates and API keys', () => {
  it('runs a whole job through the settings that Temporal’s own tools have', async () => {
    await using cluster = await startCluster();
    const settings = settingsOf(cluster.address, valid);
    await using connections = new AsyncDisposableStack();
    const client = await connectClient(settings);
    connections.defer(() => client.connection.close());
    const workerConnection = await connectWorker(settings);
    connections.defer(() => workerConnection.close());
    await using harness = await createHarness({ ...server, client, workerConnection });

    const { outcome } = await harness.run({});

    expect(outcome.status).toBe('fulfilled');
    expect(cluster.calls).toBeGreaterThan(20);
  });

  it('is reached with a profile of a TOML file, whose values variables override', async () => {
    await using cluster = await startCluster();
    const { TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca, ...client } = valid;
    const config = await save(
      'temporal.toml',
      [
        '[profile.production]',
        'address = "never.example.org:7233"',
        'namespace = "another"',
        `api_key = "${API_KEY}"`,
        '[profile.production.tls]',
        `server_ca_cert_path = "${ca}"`,
        `client_cert_path = "${client.TEMPORAL_TLS_CLIENT_CERT_PATH}"`,
        `client_key_path = "${client.TEMPORAL_TLS_CLIENT_KEY_PATH}"`,
      ].join('\n'),
    );
    const { temporal } = loadConfig({
      TEMPORAL_CONFIG_FILE: config,
      TEMPORAL_PROFILE: 'production',
      TEMPORAL_ADDRESS: cluster.address,
      TEMPORAL_NAMESPACE: server.namespace,
    });

    const connected = await connectClient(temporal);
    await expect(connected.workflow.count()).resolves.toMatchObject({ count: expect.any(Number) });
    await connected.connection.close();
  });

  it('is reached under a name that is not its address', async () => {
    const identity = await issue(authority, 'temporal.example.org');
    await using cluster = await startCluster({ identity });
    const settings = settingsOf(cluster.address, {
      ...valid,
      TEMPORAL_TLS_SERVER_NAME: 'temporal.example.org',
    });

    for (const connect of [connectClient, connectWorker]) {
      const connected = await connect(settings);
      await (connected instanceof Client ? connected.connection : connected).close();
    }
  });
});

interface Refusal {
  what: string;
  variables: Variables;
  cluster?: Partial<TlsProxyOptions>;
  message: RegExp;
}

const without = (...names: string[]): Variables =>
  Object.fromEntries(Object.entries(valid).filter(([name]) => !names.includes(name)));

const REFUSALS: Refusal[] = [
  {
    what: 'a certificate of an unknown authority',
    variables: {
      ...valid,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: await save('other-ca.pem', otherAuthority.cert),
    },
    message: /certificate of an unknown authority. Set TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
  },
  {
    what: 'no certificate of the authority',
    variables: without('TEMPORAL_TLS_SERVER_CA_CERT_PATH'),
    message: /certificate of an unknown authority. Set TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
  },
  {
    what: 'no client certificate',
    variables: without('TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'),
    message:
      /requires a client certificate. Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH/,
  },
  {
    what: 'a client certificate of another authority',
    variables: { ...valid, ...(await clientVariables(await issue(otherAuthority, 'limelight'), 'other')) },
    message: /refuses the client certificate \(.+\). Correct TEMPORAL_TLS_CLIENT_CERT_PATH/,
  },
  {
    what: 'a certificate for another name',
    variables: valid,
    cluster: { identity: await issue(authority, 'temporal.example.org') },
    message: /certificate for another name. .+ set TEMPORAL_TLS_SERVER_NAME/,
  },
  {
    what: 'a certificate that is expired',
    variables: valid,
    cluster: { identity: await issue(authority, '127.0.0.1', { untilDate: new Date(Date.now() - 60_000) }) },
    message: /expired or not valid yet/,
  },
  {
    what: 'a wrong API key',
    variables: { ...valid, TEMPORAL_API_KEY: 'guessed' },
    message: /refuses the API key. Correct TEMPORAL_API_KEY/,
  },
  {
    what: 'no API key',
    variables: without('TEMPORAL_API_KEY'),
    message: /requires an API key. Set TEMPORAL_API_KEY/,
  },
  {
    what: 'no API key at a server that accepts every connection',
    variables: without('TEMPORAL_API_KEY'),
    cluster: { isGreetingOpen: true },
    message: /requires an API key. Set TEMPORAL_API_KEY/,
  },
  {
    what: 'no TLS',
    variables: { TEMPORAL_NAMESPACE: server.namespace },
    message: /expects TLS. Set TEMPORAL_TLS=true/,
  },
];

describe.each(REFUSALS)('with $what', ({ variables, cluster: options, message }) => {
  it.each([
    ['clients', connectClient],
    ['workers', connectWorker],
  ])('%s end at once with what to change', async (_, connect) => {
    await using cluster = await startCluster(options);
    const startedAt = performance.now();

    await expect(connect(settingsOf(cluster.address, variables))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
    // They would wait a minute for a server that is still starting.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});

describe('a process that the cluster refuses', { timeout: 60_000 }, () => {
  it.each(['api', 'io'])('%s ends with what to change', async (role) => {
    await using cluster = await startCluster();
    const env = {
      ...valid,
      ...(await stackPorts()),
      TEMPORAL_ADDRESS: cluster.address,
      TEMPORAL_API_KEY: 'guessed',
      STORAGE_ROOT: folder,
    };

    const { code, said } = await limelight(['up', '--role', role], { env });

    expect(code).toBe(1);
    const last = said.trim().split('\n').at(-1)!;
    expect(JSON.parse(last)).toMatchObject({
      level: 'fatal',
      code: 'CONFIG_INVALID',
      msg: expect.stringContaining('refuses the API key. Correct TEMPORAL_API_KEY.'),
    });
    expect(said).not.toContain('guessed');
  });
});

describe('a server without TLS', () => {
  it.each([
    ['clients', connectClient],
    ['workers', connectWorker],
  ])('is recognised by %s', async (_, connect) => {
    await expect(connect(settingsOf(server.address, { TEMPORAL_TLS: 'true' }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/does not speak TLS. Set TEMPORAL_TLS=false/),
    });
  });
});

const UNUSABLE = {
  'a missing file': [
    { TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'none.pem') },
    /none\.pem cannot be read \(ENOENT\)/,
  ],
  'a certificate without its key': [
    { TEMPORAL_TLS_CLIENT_KEY_PATH: undefined },
    /TEMPORAL_TLS_CLIENT_CERT_PATH: set TEMPORAL_TLS_CLIENT_KEY_PATH too/,
  ],
  'no certificate': [
    { TEMPORAL_TLS_SERVER_CA_CERT_PATH: await save('text.pem', 'text') },
    /TEMPORAL_TLS_SERVER_CA_CERT_PATH: expected a certificate/,
  ],
  'the key of another one': [
    { TEMPORAL_TLS_CLIENT_KEY_PATH: await save('another.key', otherAuthority.key) },
    /TEMPORAL_TLS_CLIENT_KEY_PATH: expected the key of the certificate/,
  ],
  'a certificate in place of the key': [
    { TEMPORAL_TLS_CLIENT_KEY_PATH: await save('cert.key', clientIdentity.cert) },
    /TEMPORAL_TLS_CLIENT_KEY_PATH: expected a private key/,
  ],
} as const;

describe('certificates that cannot be used', () => {
  it.each(Object.entries(UNUSABLE))('are named: %s', async (_, [variables, message]) => {
    const settings = settingsOf('127.0.0.1:1', { ...valid, ...variables });

    await expect(connectClient(settings, 0)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
    expect(() => openLazyClient(settings)).toThrow(message);
  });
});

it.each([
  ['TEMPORAL_TLS', { TEMPORAL_TLS: 'true' }],
  ['TEMPORAL_API_KEY', { TEMPORAL_API_KEY: API_KEY }],
])('%s without an address does not start with the embedded server', async (name, variables) => {
  await expect(connectClient(loadConfig(variables).temporal, 0)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`${name}: set TEMPORAL_ADDRESS too`),
  });
});
