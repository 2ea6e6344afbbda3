import { globSync, openAsBlob, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { parseMetrics } from '../harness/metric-lines.ts';
import { needs } from '../harness/needs.ts';
import { type Prometheus, startPrometheus } from '../harness/stack/prometheus.ts';
import { startTestStack, type TestStack } from '../harness/stack/test-stack.ts';
import { type CollectedSpan, startTraceCollector, type TraceCollector } from '../harness/trace-collector.ts';

const ROOT = join(import.meta.dirname, '../..');
const KEY = 'monitored:stack';

let emulator: Emulator;
let stack: TestStack;
let collector: TraceCollector;
let taskId: string;
let texts: Record<keyof TestStack['processes'], string>;

beforeAll(async () => {
  collector = await startTraceCollector();
  emulator = await startEmulator();
  emulator.open({ apiKey: KEY, credits: 100 });
  stack = await startTestStack({
    D_ID_API_URL: emulator.url,
    D_ID_API_KEY: KEY,
    D_ID_TIME_SCALE: '0.05',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=film%20crew,x-token=a=b',
    ONNX_THREADS: '1',
  });
  const signal = AbortSignal.timeout(180_000);
  const client = createLimelightClient({ baseUrl: stack.apiUrl });
  const [image, audio] = await Promise.all([
    openAsBlob(join(ROOT, 'samples/portrait.jpg')),
    openAsBlob(join(ROOT, 'samples/voice.wav')),
  ]);
  ({ task_id: taskId } = await client.submit({ image, audio }, { signal }));
  expect(await client.wait(taskId, { signal })).toMatchObject({ success: true });
  while ((await scrape('api')).get(DONE) !== 1) {
    signal.throwIfAborted();
    await sleep(500);
  }
  texts = { api: await read('api'), io: await read('io'), gpu: await read('gpu') };
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
  await emulator[Symbol.asyncDispose]();
});

const DONE = 'pipeline_execution_time_seconds_count{outcome="completed",provider="d-id"}';
const read = async (process: keyof TestStack['processes']) =>
  (await fetch(`http://${stack.processes[process]}/metrics`)).text();
const scrape = async (process: keyof TestStack['processes']) => parseMetrics(await read(process));

describe('the metrics of the running stack', () => {
  it('report from each process its part of a job for D-ID', () => {
    const [api, io, gpu] = [texts.api, texts.io, texts.gpu].map(parseMetrics) as [
      Map<string, number>,
      Map<string, number>,
      Map<string, number>,
    ];
    expect(api.get('pipeline_success_rate{window="15m"}')).toBe(1);
    expect(api.get('limelight_provider_up{provider="d-id"}')).toBe(1);
    expect(api.get('limelight_provider_credits_remaining{provider="d-id"}')).toBeLessThan(100);
    expect(api.get('storage_used_bytes{tier="videos"}')).toBeGreaterThan(0);
    expect(io.get('limelight_provider_credits_spent_total{provider="d-id"}')).toBeGreaterThan(0);
    expect(io.get('limelight_stage_duration_seconds_count{stage="DID_PROCESSING"}')).toBeGreaterThan(0);
    expect(io.get('limelight_slot_runs_total{pool="media",slot="0"}')).toBe(1);
    expect(gpu.get('limelight_slot_runs_total{pool="birefnet",slot="0"}')).toBe(1);
    expect(gpu.get('limelight_slot_busy_seconds_total{pool="birefnet",slot="0"}')).toBeGreaterThan(0);
    expect(texts.gpu).toMatch(/^temporal_activity_execution_latency_seconds_bucket\{.*detectPersons/m);
  });

  it('are ready when each of them can work', async () => {
    for (const address of Object.values(stack.processes)) {
      const answer = await fetch(`http://${address}/health/ready`);
      expect(await answer.json()).toMatchObject({ status: 'ok' });
      expect(answer.status).toBe(200);
    }
  });

  it('include every metric that a rule or a panel uses', () => {
    const exported = new Set(
      Object.values(texts).flatMap((text) => [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!)),
    );
    // Only with nvidia-smi. Reading its output has its own test.
    const elsewhere = ['gpu_memory_used_bytes', 'gpu_memory_total_bytes', 'up'];
    const asked = [...expressionsOf('deploy/prometheus/rules.yml'), ...panels()].flatMap(namesIn);

    expect(new Set(asked).size).toBeGreaterThan(25);
    const missing = asked.filter(
      (name) => !exported.has(familyOf(name, exported)) && !elsewhere.includes(name),
    );
    expect([...new Set(missing)]).toEqual([]);
    expect(namesIn('sum(rate(made_up_total[5m]))')).toEqual(['made_up_total']);
  });
});

/** Panels that are empty in this test, with the reason. */
const SILENT = [
  'gpu_memory_', // nvidia-smi
  'deriv(limelight_storage_free_bytes[6h]) < 0', // a disk that fills
  'limelight_retention_last_success_timestamp_seconds', // an hour
  'limelight_retention_deleted_bytes_total', // the same
  'limelight_jobs_running', // a job that has not ended
  'limelight_fallbacks_total', // a device that fails
];

/** One job for each provider, the local one twice, and one that is refused. */
async function runJobs(): Promise<void> {
  const signal = AbortSignal.timeout(120_000);
  const client = createLimelightClient({ baseUrl: stack.apiUrl });
  const [portrait, audio] = await Promise.all([
    openAsBlob(join(ROOT, 'samples/portrait.jpg')),
    openAsBlob(join(ROOT, 'samples/voice.wav')),
  ]);
  const grey = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#888' } })
    .jpeg()
    .toBuffer();
  const submit = (image: Blob, fields: Record<string, string>) =>
    client.submit({ image, audio, fields }, { signal });
  const tasks = [
    await submit(portrait, { provider: 'd-id', background: '#112233' }),
    await submit(portrait, { provider: 'local' }),
    await submit(new Blob([new Uint8Array(grey)]), { provider: 'local' }),
  ];
  for (const { task_id } of tasks) {
    await client.wait(task_id, { signal });
  }
  await client.wait((await submit(portrait, { provider: 'local' })).task_id, { signal });
}

describe('the trace of a job', () => {
  const named = (name: string | RegExp) =>
    collector.spans.filter((span) => (typeof name === 'string' ? span.name === name : name.test(span.name)));
  const childrenOf = ({ spanId }: CollectedSpan) =>
    collector.spans.filter(({ parentSpanId }) => parentSpanId === spanId).map(({ name }) => name);

  it('is one trace, from the request through stages and activities to the slots and D-ID', async () => {
    await expect.poll(() => named('job').length, { timeout: 10_000 }).toBe(1);
    const traceId = taskId.replaceAll('-', '');
    const job = named('job')[0]!;
    expect(job).toMatchObject({ traceId, part: 'io' });
    expect(job.parentSpanId ?? '').toBe('');

    const ofJob = collector.spans.filter((span) => span.traceId === traceId);
    expect(new Set(ofJob.map(({ part }) => part))).toEqual(new Set(['api', 'io', 'gpu']));
    // Each span's parent is in the trace.
    const ids = new Set(ofJob.map(({ spanId }) => spanId));
    expect(ofJob.filter(({ parentSpanId }) => parentSpanId && !ids.has(parentSpanId))).toEqual([]);

    expect(childrenOf(job)).toEqual(
      expect.arrayContaining([
        'PUT /api/pipeline/tasks/{task_id}',
        'DETECTION_RUNNING',
        'DID_PROCESSING',
        'wait yolo',
        'detectPersons',
        'removeBackground',
        'createTalk',
        'downloadTalk',
      ]),
    );
    expect(childrenOf(named('detectPersons')[0]!)).toContain('slot yolo');
    expect(childrenOf(named('slot birefnet')[0]!).length).toBeGreaterThan(2);
    expect(childrenOf(named('createTalk')[0]!)).toEqual([`POST ${new URL(emulator.url).host}`]);
  });

  it('has the times of the job, and no queries of URLs', () => {
    const job = named('job')[0]!;
    for (const span of named(/^(slot|detect|remove|render|create|download|DID|wait)/)) {
      expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(job.startTimeUnixNano));
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    }
    expect(JSON.stringify(collector.spans)).not.toContain('X-Amz-Expires');
    expect(JSON.stringify(collector.spans)).not.toContain(KEY);
  });

  it('is sent to the standard path with the configured headers', () => {
    expect(collector.headers[0]).toMatchObject({
      path: '/v1/traces',
      'x-tenant': 'film crew',
      'x-token': 'a=b',
    });
  });
});

needs('prometheus').describe('a real Prometheus over the running stack', () => {
  let prometheus: Prometheus;
  beforeAll(async () => {
    prometheus = await startPrometheus(Object.values(stack.processes));
  });
  afterAll(() => prometheus[Symbol.asyncDispose]());

  /** The current answer of Prometheus. */
  const ask = async (expression: string) => {
    const { result = [] } = ((await prometheus.query(`query?query=${encodeURIComponent(expression)}`)) ??
      {}) as { result?: Array<{ value: [number, string] }> };
    return result.map(({ value }) => value[1]);
  };

  it('scrapes every process', async () => {
    await expect.poll(() => ask('up'), { timeout: 30_000, interval: 500 }).toEqual(['1', '1', '1']);
  });

  it('has a value for each panel of each dashboard while jobs succeed and fail', async () => {
    // A rate needs two scrapes, the first one before the jobs.
    await expect.poll(() => ask('max(pipeline_success_rate)'), { timeout: 30_000 }).toEqual(['1']);
    await runJobs();
    const silent = async () => {
      const answers = await Promise.all(panels().map(async (panel) => [panel, await ask(panel)] as const));
      return answers
        .filter(([, values]) => !values.some((value) => Number.isFinite(Number(value))))
        .map(([panel]) => panel)
        .filter((panel) => !SILENT.some((known) => panel.includes(known)));
    };
    await expect.poll(silent, { timeout: 60_000, interval: 1_000 }).toEqual([]);
  }, 240_000);

  it('fires the alert of a simulated outage, with its runbook', async () => {
    const firing = async () => {
      const { alerts = [] } = ((await prometheus.query('alerts')) ?? {}) as {
        alerts?: Array<{
          state: string;
          labels: Record<string, string>;
          annotations: Record<string, string>;
        }>;
      };
      return alerts.filter(({ state }) => state === 'firing');
    };
    const rules = (await prometheus.query('rules')) as {
      groups: Array<{ rules: Array<{ health: string }> }>;
    };
    expect(rules.groups.flatMap((group) => group.rules).length).toBeGreaterThan(8);
    const isFiring = async (name: string) =>
      (await firing()).find(({ labels }) => labels.alertname === name)?.annotations;
    expect(await isFiring('LimelightProviderDown')).toBeUndefined();

    await emulator[Symbol.asyncDispose]();

    await expect
      .poll(() => isFiring('LimelightProviderDown'), { timeout: 60_000, interval: 500 })
      .toMatchObject({ runbook_url: 'docs/operations.md#limelightproviderdown' });
    expect(await isFiring('LimelightTemporalDown')).toBeUndefined();
  });
});

/** The expressions in a file of rules, each on one line or on several. */
function expressionsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(
    ([, folded, line]) => folded ?? line!,
  );
}

function panels(): string[] {
  return globSync('deploy/grafana/dashboards/*.json', { cwd: ROOT }).flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/"expr": (".*")/g)].map(([, json]) =>
      JSON.parse(json!),
    ),
  );
}

const WORDS = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool', 'offset']);

/** The names of metrics in an expression, without functions, labels and keywords. */
function namesIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, ' ')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !WORDS.has(name) && !/^e\d*$/.test(name));
}

/** A histogram is declared without the suffix of its series. */
function familyOf(name: string, exported: Set<string>): string {
  const family = name.replace(/_(bucket|sum|count)$/, '');
  return exported.has(family) ? family : name;
}
