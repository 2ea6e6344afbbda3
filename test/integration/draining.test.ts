import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { startRole } from '../harness/stack/role-process.ts';
import { startTestServer } from '../harness/temporal-server.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

it('a draining worker reports 503 while it finishes its work, then exits, and its job succeeds', async () => {
  await using resources = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'limelight-draining-'));
  resources.defer(() => rm(root, { recursive: true, force: true }));
  const server = resources.use(await startTestServer());
  const where = { temporalAddress: server.address, root };
  const [api, io, gpu] = await Promise.all([
    startRole('api', where),
    startRole('io', where),
    startRole('gpu', where),
  ]);
  for (const started of [api, io, gpu]) resources.use(started);
  await Promise.all([api, io, gpu].map((started) => started.untilReady()));
  expect(await io.readiness()).toMatchObject({ status: 200 });
  const client = createLimelightClient({ baseUrl: api.url });
  const { task_id } = await client.submit({
    image: await openAsBlob(join(SAMPLES, 'portrait.jpg')),
    audio: await openAsBlob(join(SAMPLES, 'voice.wav')),
    fields: { provider: 'local' },
  });
  const stage = async () => (await client.status(task_id)).stage;
  await expect.poll(stage, { timeout: 60_000, interval: 50 }).toBe('DID_PROCESSING');

  const stopped = io.stop();

  await expect
    .poll(() => io.readiness(), { interval: 20 })
    .toMatchObject({ status: 503, reason: expect.stringContaining('It is draining') });
  expect((await fetch(`${io.url}/health/live`)).status).toBe(200);
  expect((await stopped).exitCode).toBe(0);
  // The others were not asked to stop, and what was handed back is taken up by the next io worker.
  expect(await gpu.readiness()).toMatchObject({ status: 200 });
  io.start();
  expect(await client.wait(task_id)).toMatchObject({ success: true });
}, 240_000);
