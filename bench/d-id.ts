import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import sharp from 'sharp';
import { mostInFlight } from '../emulators/d-id/most-in-flight.ts';
import { createRecordActivities } from '../src/activities/records.ts';
import { createVideoActivities } from '../src/activities/video.ts';
import { BREAKER_QUERY, type GateState, toBreakerId } from '../src/contracts/provider-gate.ts';
import type { Progress } from '../src/contracts/schemas/messages.ts';
import type { ObjectStore } from '../src/ports/object-store.ts';
import { createFileStore } from '../src/storage/file/file-store.ts';
import { createTaskRecords } from '../src/storage/task-records.ts';
import { createDIdHarness, type DIdHarness, type DIdJob } from '../test/harness/d-id-harness.ts';
import { happyActivities } from '../test/harness/happy-activities.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';
import { buzz, writeVoice } from '../test/providers/local/talk-files.ts';
import { type Bench, percentile, type Row } from './bench.ts';
import { cpuSecondsOf } from './cpu-time.ts';

const PORTRAIT = new URL('../samples/portrait.jpg', import.meta.url).pathname;

const TALK_MS = 40_000;
const IN_FLIGHT = 10;
/**
 * Temporal takes the same time to pass a place on, however long the talk is. At a twentieth of the time it weighs twenty
 * times as much, and jobs need twenty times the CPU per second. The unscaled run shows real conditions.
 */
const THROUGHPUT_RUNS = [
  { scale: 1 / 20, jobs: 60 },
  { scale: 1 / 5, jobs: 60 },
  { scale: 1, jobs: 30 },
];
const START_INTERVAL_MS = 200;
/** Duration of the talks that occupy all places until every job is waiting. */
const QUEUE_UP_MS = { atLeast: 10_000, forEachJob: 300 };

/** Unscaled duration of a short talk. */
const ADDED_TALK_MS = 5_000;
const ADDED_JOBS = 20;

export const dId: Bench = {
  name: 'd-id',
  title: `D-ID with its emulator: talks of ${TALK_MS / 1000} s, ${IN_FLIGHT} in flight; time added to ${ADDED_JOBS} talks`,
  async *run() {
    for (const run of THROUGHPUT_RUNS) {
      yield await measureThroughput(run);
    }
    yield await measureAddedTime();
  },
};

/**
 * All places are occupied until every job is waiting; then they become free one after another. Measures how fast talks
 * begin while jobs are waiting, compared with what the talks alone allow.
 */
async function measureThroughput({ scale, jobs: count }: { scale: number; jobs: number }): Promise<Row[]> {
  const talkMs = TALK_MS * scale;
  const everyMs = talkMs / IN_FLIGHT;
  const queueUpMs = QUEUE_UP_MS.atLeast + QUEUE_UP_MS.forEachJob * count;
  await using server = await startTestServer();
  await using harness = await createDIdHarness({
    ...server,
    terms: { maxTalksInFlight: IN_FLIGHT, timeScale: scale, talkTimeoutMs: 10 * talkMs + queueUpMs },
    // Otherwise polls would be twenty times as frequent and would measure themselves.
    webhooks: true,
  });
  await run(await harness.start({ talkMs: () => 100 }));
  const freeFrom = Date.now() + queueUpMs;
  const before = await startJobs(harness, IN_FLIGHT, (index) => freeFrom - Date.now() + index * everyMs);
  await untilInLine(server.client, { talksInFlight: IN_FLIGHT });
  const jobs = await startJobs(harness, count, () => talkMs);
  await untilInLine(server.client, { waiting: count });
  if (Date.now() > freeFrom) {
    throw new Error(`After ${queueUpMs} ms not all of ${count} jobs stood in line: this machine is too busy`);
  }
  await sleep(freeFrom - Date.now());
  const cpu = { node: process.cpuUsage(), server: cpuSecondsOf(server.pid), at: performance.now() };
  const entries = jobs.map(({ account }) => account.ledger);
  while (entries.some(([entry]) => !entry)) await sleep(20);
  const { user, system } = process.cpuUsage(cpu.node);
  const wallS = (performance.now() - cpu.at) / 1000;
  const cores = {
    node: (user + system) / 1e6 / wallS,
    server: (cpuSecondsOf(server.pid) - cpu.server) / wallS,
  };
  await Promise.all([...before, ...jobs].map(run));
  const starts = entries.map(([entry]) => entry!.at.getTime());
  const neededMs = Math.max(...starts) - Math.min(...starts);
  const talks = [...before, ...jobs].flatMap(({ account }) => account.ledger);
  const ends = talks.map(({ endedAt }) => endedAt!.getTime()).sort((a, b) => a - b);
  // The place that becomes free first is taken first.
  const emptyMs = starts.toSorted((a, b) => a - b).map((at, index) => at - ends[index]!);
  return [
    {
      what: `throughput of ${count} talks at ${1 / scale} times the speed, of what is possible`,
      value: (((count - 1) * everyMs) / neededMs) * 100,
      unit: '%',
      atLeast: 95,
    },
    { what: '  a place is empty for, p50', value: percentile(emptyMs, 0.5), unit: 'ms' },
    { what: '  a place is empty for, p95', value: percentile(emptyMs, 0.95), unit: 'ms' },
    { what: '  most talks in flight', value: mostInFlight(talks), unit: '', atMost: IN_FLIGHT },
    { what: '  CPU: jobs, emulator and webhooks', value: cores.node, unit: 'cores' },
    { what: "  CPU: Temporal's server", value: cores.server, unit: 'cores' },
  ];
}

/** Starts the jobs one by one, because the work before the queue is not measured. */
async function startJobs(
  harness: DIdHarness,
  count: number,
  talkMs: (index: number) => number,
): Promise<DIdJob[]> {
  const jobs: DIdJob[] = [];
  for (let index = 0; index < count; index += 1) {
    jobs.push(await harness.start({ talkMs: () => talkMs(index) }));
    await sleep(START_INTERVAL_MS);
  }
  return jobs;
}

async function untilInLine(client: Client, wanted: Partial<GateState>): Promise<void> {
  const breaker = client.workflow.getHandle(toBreakerId('d-id'));
  for (;;) {
    const state = await breaker.query<GateState>(BREAKER_QUERY);
    if (Object.entries(wanted).every(([name, value]) => state[name as keyof GateState] === value)) return;
    await sleep(100);
  }
}

async function measureAddedTime(): Promise<Row[]> {
  const root = await mkdtemp(join(tmpdir(), 'limelight-bench-'));
  const store = createFileStore({ root });
  const voice = await writeVoice(join(root, 'voice.wav'), buzz(5));
  const portrait = await sharp(PORTRAIT).png().toBuffer();
  await using server = await startTestServer();
  await using harness = await createDIdHarness({
    ...server,
    terms: { timeScale: 1 },
    store,
    overrides: realEnds(store, portrait, voice),
  });
  // The first one sets the breaker's baseline and makes the emulator encode its video.
  await run(await harness.start({ talkMs: () => ADDED_TALK_MS }));
  const added: number[] = [];
  for (let index = 0; index < ADDED_JOBS; index += 1) {
    const job = await harness.start({ talkMs: () => ADDED_TALK_MS });
    added.push((await run(job)) - ADDED_TALK_MS);
  }
  await rm(root, { recursive: true, force: true });
  return [
    { what: 'time added to a talk, p50', value: percentile(added, 0.5), unit: 'ms' },
    { what: 'time added to a talk, p95', value: percentile(added, 0.95), unit: 'ms', atMost: 2_000 },
  ];
}

/** The activities before and after D-ID, as far as they take time. */
function realEnds(store: ObjectStore, portrait: Buffer, voicePath: string) {
  const happy = happyActivities();
  return {
    ...createVideoActivities({ store }),
    ...createRecordActivities({ store, records: createTaskRecords({ store }) }),
    async prepareMedia(request: Parameters<typeof happy.prepareMedia>[0]) {
      await store.put(request.voiceKey, await readFile(voicePath));
      return happy.prepareMedia(request);
    },
    async composePortrait(request: Parameters<typeof happy.composePortrait>[0]) {
      await store.put(request.portraitKey, portrait);
      return happy.composePortrait(request);
    },
  };
}

/** Milliseconds from the first event about D-ID to the end. */
async function run({ handle }: DIdJob): Promise<number> {
  await handle.result();
  const { events } = await handle.query<Progress, [since?: number]>('progress');
  const from = events.find(({ data }) => data.stage === 'DID_UPLOAD')!;
  return Date.parse(events.at(-1)!.timestamp) - Date.parse(from.timestamp);
}
