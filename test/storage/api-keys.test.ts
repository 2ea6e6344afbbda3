import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApiKey } from '../../src/contracts/schemas/api-key.ts';
import { PipelineError } from '../../src/errors.ts';
import { createApiKeys, hashSecret } from '../../src/storage/api-keys.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createKeyring } from '../../src/storage/keyring.ts';
import { createLinkSecret } from '../../src/storage/link-secret.ts';
import { createWebhookSecrets } from '../../src/storage/webhook-secrets.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'limelight-api-keys-'));
});
afterEach(() => rm(root, { recursive: true }));

/** The same store in another process. */
const openStore = () => createFileStore({ root });

it('keys that one process creates, rotates or revokes change in every process', async () => {
  const here = createApiKeys({ store: openStore() });
  const there = createKeyring({ keys: createApiKeys({ store: openStore() }), maxAgeMs: 0 });
  expect(await there.isEmpty()).toBe(true);

  const first = await here.create('acme', ['submit'], { jobs_in_flight: 2 });
  expect(await there.find(first)).toMatchObject({
    name: 'acme',
    scopes: ['submit'],
    quota: { jobs_in_flight: 2 },
    secrets: [{ sha256: hashSecret(first) }],
  });
  const second = await here.rotate('acme', 0);
  expect(await there.find(first)).toBeUndefined();
  expect(await there.find(second)).toMatchObject({ name: 'acme' });
  await here.revoke('acme');
  expect(await there.find(second)).toBeUndefined();
  expect(await there.findActive('acme')).toBeUndefined();
});

it.each([
  ['refuses', async () => Promise.reject(new PipelineError('STORAGE_UNAVAILABLE', 'No answer'))],
  ['is silent', () => new Promise<never>(() => {})],
])(
  'known keys stay valid while the store %s, and unknown ones are not called invalid',
  async (_, list) => {
    const keys = createApiKeys({ store: openStore() });
    const secret = await keys.create('acme', ['read']);
    const state: { list: () => Promise<ApiKey[]> } = keys;
    const ring = createKeyring({ keys: { list: () => state.list() }, maxAgeMs: 0 });
    expect(await ring.find(secret)).toMatchObject({ name: 'acme' });

    const { list: whole } = keys;
    state.list = list;
    expect(await ring.find(secret)).toMatchObject({ name: 'acme' });
    expect(await ring.findActive('acme')).toMatchObject({ name: 'acme' });
    expect(await ring.isEmpty()).toBe(false);
    await expect(ring.find('limelight_unknown')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });

    state.list = whole;
    await keys.revoke('acme');
    expect(await ring.find(secret)).toBeUndefined();
    expect(await ring.find('limelight_unknown')).toBeUndefined();
  },
  20_000,
);

it('a damaged key opens nothing, does not open the server, and leaves the others valid', async () => {
  const store = openStore();
  const keys = createApiKeys({ store });
  const ring = createKeyring({ keys: createApiKeys({ store }), maxAgeMs: 0 });
  const secret = await keys.create('acme', ['admin']);
  await store.put('access/keys/acme.json', Buffer.from('{"name":"acme","secrets":'));

  expect(await ring.isEmpty()).toBe(false);
  expect(await ring.find(secret)).toBeUndefined();
  // Nor do links that it signed.
  expect(await ring.findActive('acme')).toBeUndefined();

  const other = await keys.create('other', ['read']);
  expect(await ring.find(other)).toMatchObject({ name: 'other' });
});

it('only one of several processes can create a key', async () => {
  const made = await Promise.allSettled(
    Array.from({ length: 10 }, () => createApiKeys({ store: openStore() }).create('acme', ['read'])),
  );
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('an old secret expires after its overlap, which a second rotation does not extend', async () => {
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const now = () => nowMs;
  const keys = createApiKeys({ store: openStore(), now });
  const ring = createKeyring({ keys, maxAgeMs: 0, now });
  const first = await keys.create('acme', ['read']);
  await keys.rotate('acme', 1_000);
  await keys.rotate('acme', 60_000);

  nowMs += 999;
  expect(await ring.find(first)).toBeDefined();
  nowMs += 1;
  expect(await ring.find(first)).toBeUndefined();
});

it('all processes sign links and webhooks with the same secrets', async () => {
  const links = await Promise.all(
    Array.from({ length: 5 }, () => createLinkSecret({ store: openStore() })()),
  );
  expect(new Set(links.map((secret) => secret.toString('hex'))).size).toBe(1);
  expect(links[0]).toHaveLength(32);

  const webhooks = await Promise.all(
    Array.from({ length: 5 }, () => createWebhookSecrets({ store: openStore() }).current('acme')),
  );
  expect(new Set(webhooks.map(([newest]) => newest!.secret)).size).toBe(1);
  const [everybody] = await createWebhookSecrets({ store: openStore() }).current(undefined);
  expect(everybody!.secret).not.toBe(webhooks[0]![0]!.secret);
});
