import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import { Hono } from 'hono';
import sharp from 'sharp';
import { Agent, request } from 'undici';
import { createTemporalJobs } from '../src/temporal/temporal-jobs.ts';
import { toWav } from '../test/api/job-form-data.ts';
import { startTestApi } from '../test/api/test-api.ts';
import { startTestServer } from '../test/temporal-server.ts';
import { toJobInput } from '../test/workflows/pipeline-harness.ts';
import { type Bench, percentile } from './bench.ts';

const SUBMITS = 200;
const WARM_UP = 20;
const AT_ONCE = 8;

/** Photo and voice of 1 MB together. */
const PHOTO = await sharp({
  create: {
    width: 600,
    height: 480,
    channels: 3,
    background: '#888',
    noise: { type: 'gaussian', sigma: 40, mean: 128 },
  },
})
  .png({ compressionLevel: 1 })
  .toBuffer();
const VOICE = toWav(Math.max(16_000, Math.floor((1_000_000 - PHOTO.length) / 2)));

export const submits: Bench = {
  name: 'submits',
  title: `${SUBMITS} uploads of 1 MB, ${AT_ONCE} at once, beside a Hono handler that only writes the file`,
  async run() {
    await using server = await startTestServer();
    const unlimited = { perS: 1e6, burst: 1e6 };
    await using api = await startTestApi(server.client, { access: { rate: unlimited } });
    await using bare = await startBareServer();
    await using durable = await startBareServer({ isDurable: true });
    const form = new FormData();
    form.set('image', new Blob([new Uint8Array(PHOTO)]), 'photo.png');
    form.set('audio', new Blob([new Uint8Array(VOICE)]), 'voice.wav');
    const encoded = new Response(form);
    const body = Buffer.from(await encoded.arrayBuffer());
    const contentType = encoded.headers.get('content-type')!;
    const measure = (url: string, status: number) => submitMany({ url, status, body, contentType });
    // In turns, so that what else the machine does hurts both alike.
    const rounds = [];
    for (let round = 0; round < 3; round += 1) {
      const own = await measure(`${api.url}/api/pipeline/generate`, 202);
      rounds.push({
        own,
        bare: await measure(bare.url, 200),
        durable: await measure(durable.url, 200),
        starts: await startMany(server.client),
      });
    }
    const ratios = rounds.map(({ own, bare }) => own.perS / bare.perS);
    const durableRatios = rounds.map(({ own, durable }) => own.perS / durable.perS);
    const startRatios = rounds.map(({ own, starts }) => own.perS / starts);
    const middle = rounds.toSorted((a, b) => a.own.perS / a.bare.perS - b.own.perS / b.bare.perS)[1]!;
    return [
      { what: 'submissions', value: middle.own.perS, unit: '/s' },
      { what: 'submissions, p50', value: middle.own.p50Ms, unit: 'ms' },
      { what: 'submissions, p99', value: middle.own.p99Ms, unit: 'ms' },
      { what: 'the bare handler', value: middle.bare.perS, unit: '/s' },
      { what: 'the bare handler, p99', value: middle.bare.p99Ms, unit: 'ms' },
      { what: 'the bare handler, with fsync', value: middle.durable.perS, unit: '/s' },
      { what: 'the bare handler, with fsync, p99', value: middle.durable.p99Ms, unit: 'ms' },
      { what: 'Temporal starts workflows, without any upload', value: middle.starts, unit: '/s' },
      { what: 'share of those, middle of 3 rounds', value: percentile(startRatios, 0.5), unit: '' },
      {
        what: 'share of the bare handler with fsync, middle of 3 rounds',
        value: percentile(durableRatios, 0.5),
        unit: '',
      },
      {
        what: 'share of the bare handler, middle of 3 rounds',
        value: percentile(ratios, 0.5),
        unit: '',
        atLeast: 0.5,
      },
    ];
  },
};

async function submitMany(upload: { url: string; status: number; body: Buffer; contentType: string }) {
  const dispatcher = new Agent({ connections: AT_ONCE });
  const times: number[] = [];
  const send = async () => {
    const startedAt = performance.now();
    const { statusCode, body } = await request(upload.url, {
      method: 'POST',
      dispatcher,
      body: upload.body,
      headers: { 'content-type': upload.contentType },
    });
    const text = await body.text();
    if (statusCode !== upload.status) {
      throw new Error(`Expected ${upload.status} but received ${statusCode}: ${text}`);
    }
    times.push(performance.now() - startedAt);
  };
  await repeat(WARM_UP, send);
  times.length = 0;
  const perS = await repeat(SUBMITS, send);
  await dispatcher.close();
  return { perS, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) };
}

/** What a submission cannot be faster than: each one starts a workflow, durably. */
async function startMany(client: Client): Promise<number> {
  const jobs = createTemporalJobs({ client });
  return repeat(SUBMITS, () => jobs.start(toJobInput()));
}

/** @returns how many a second. */
async function repeat(count: number, work: () => Promise<unknown>): Promise<number> {
  let left = count;
  const worker = async () => {
    for (; left > 0; ) {
      left -= 1;
      await work();
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return count / ((performance.now() - startedAt) / 1000);
}

/** The least that a server can do with an upload, `isDurable`: so that a power cut does not lose it. */
async function startBareServer({ isDurable = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-bare-'));
  let files = 0;
  const app = new Hono<{ Bindings: HttpBindings }>().post('/', async (c) => {
    files += 1;
    const file = createWriteStream(join(folder, String(files)), { flush: isDurable });
    await pipeline(c.env.incoming as Readable, file);
    if (isDurable) {
      await using handle = await open(folder);
      await handle.sync();
    }
    return c.json({ ok: true });
  });
  const server = createServer(getRequestListener(app.fetch, { autoCleanupIncoming: false }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
