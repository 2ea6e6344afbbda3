import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
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
import { toWav } from '../test/harness/api/job-form-data.ts';
import { startTestApi } from '../test/harness/api/test-api.ts';
import { toJobInput } from '../test/harness/pipeline-harness.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';
import { type Bench, percentile } from './bench.ts';
import { cpuSecondsOf } from './cpu-time.ts';

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
  title: `${SUBMITS} uploads of 1 MB, ${AT_ONCE} at once, beside Hono handlers that only write them`,
  async run() {
    await using server = await startTestServer();
    const unlimited = { perS: 1e6, burst: 1e6 };
    await using api = await startTestApi(server.client, { access: { rate: unlimited } });
    await using bare = await startBareServer();
    const form = new FormData();
    form.set('image', new Blob([new Uint8Array(PHOTO)]), 'photo.png');
    form.set('audio', new Blob([new Uint8Array(VOICE)]), 'voice.wav');
    const encoded = new Response(form);
    const body = Buffer.from(await encoded.arrayBuffer());
    const contentType = encoded.headers.get('content-type')!;
    const measure = (url: string, status: number) => submitMany({ url, status, body, contentType });
    // Alternates, so that other load affects all variants.
    const rounds: Round[] = [];
    for (let round = 0; round < 3; round += 1) {
      const before = cpuSecondsOf(server.pid);
      const own = await measure(`${api.url}/api/pipeline/generate`, 202);
      const temporalCpuS = cpuSecondsOf(server.pid) - before;
      rounds.push({
        own,
        temporalCpuMs: (temporalCpuS * 1000) / (WARM_UP + SUBMITS),
        files: await measure(`${bare.url}/files`, 200),
        body: await measure(`${bare.url}/body`, 200),
        durable: await measure(`${bare.url}/durable`, 200),
        starts: await startMany(server.client),
      });
    }
    const share = ({ own, files }: Round) => own.perS / files.perS;
    const middle = rounds.toSorted((a, b) => share(a) - share(b))[1]!;
    const shareOf = (other: 'files' | 'body' | 'durable') => {
      const shares = rounds.map((round) => round.own.perS / round[other].perS);
      return percentile(shares, 0.5);
    };
    return [
      { what: 'submissions', value: middle.own.perS, unit: '/s' },
      { what: 'submissions, p50', value: middle.own.p50Ms, unit: 'ms' },
      { what: 'submissions, p99', value: middle.own.p99Ms, unit: 'ms' },
      { what: 'a handler that only writes the files', value: middle.files.perS, unit: '/s' },
      { what: 'a handler that only writes the files, p99', value: middle.files.p99Ms, unit: 'ms' },
      {
        what: 'share of it, middle of 3 rounds',
        value: shareOf('files'),
        unit: '',
        atLeast: 0.5,
      },
      { what: 'one that writes the body as it comes, unread', value: middle.body.perS, unit: '/s' },
      { what: 'share of it, middle of 3 rounds', value: shareOf('body'), unit: '' },
      { what: '… and has it fsynced', value: middle.durable.perS, unit: '/s' },
      { what: 'share of it, middle of 3 rounds', value: shareOf('durable'), unit: '' },
      { what: 'Temporal starts workflows, without any upload', value: middle.starts, unit: '/s' },
      { what: 'CPU of a submission, with its client', value: middle.own.cpuMs, unit: 'ms' },
      { what: '… of Temporal', value: middle.temporalCpuMs, unit: 'ms' },
      { what: 'CPU of an upload whose files are written', value: middle.files.cpuMs, unit: 'ms' },
      { what: 'CPU of a body that is written unread', value: middle.body.cpuMs, unit: 'ms' },
    ];
  },
};

interface Uploads {
  perS: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU of this process: the client and the API. */
  cpuMs: number;
}

interface Round extends Record<'own' | 'files' | 'body' | 'durable', Uploads> {
  /** CPU of Temporal per submission. */
  temporalCpuMs: number;
  starts: number;
}

async function submitMany(upload: {
  url: string;
  status: number;
  body: Buffer;
  contentType: string;
}): Promise<Uploads> {
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
  const before = process.cpuUsage();
  const perS = await repeat(SUBMITS, send);
  const { user, system } = process.cpuUsage(before);
  await dispatcher.close();
  return {
    perS,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    cpuMs: (user + system) / 1000 / SUBMITS,
  };
}

/** The upper limit for submissions: each one durably starts a workflow. */
async function startMany(client: Client): Promise<number> {
  const jobs = createTemporalJobs({ client });
  return repeat(SUBMITS, () => jobs.start(toJobInput()));
}

/** @returns the number per second. */
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

/**
 * `/files` follows Hono's documentation: parses the form and writes its files. `/body` writes the raw body, `/durable`
 * also fsyncs it: no server can do less.
 */
async function startBareServer() {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-bare-'));
  let files = 0;
  const newPath = () => {
    files += 1;
    return join(folder, String(files));
  };
  const writeBody = (body: Readable, flush: boolean) =>
    pipeline(body, createWriteStream(newPath(), { flush }));
  const app = new Hono<{ Bindings: HttpBindings }>()
    .post('/files', async (c) => {
      const { image, audio } = await c.req.parseBody<{ image: File; audio: File }>();
      await Promise.all([image, audio].map((file) => writeFile(newPath(), file.stream())));
      return c.json({ ok: true });
    })
    .post('/body', async (c) => {
      await writeBody(c.env.incoming as Readable, false);
      return c.json({ ok: true });
    })
    .post('/durable', async (c) => {
      await writeBody(c.env.incoming as Readable, true);
      await using handle = await open(folder);
      await handle.sync();
      return c.json({ ok: true });
    });
  const server = createServer(getRequestListener(app.fetch, { autoCleanupIncoming: false }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
