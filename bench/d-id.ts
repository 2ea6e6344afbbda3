import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createRecordActivities } from '../src/activities/records.ts';
import { createVideoActivities } from '../src/activities/video.ts';
import type { Progress } from '../src/contracts/messages.ts';
import { createFileStore } from '../src/storage/file-store.ts';
import type { ObjectStore } from '../src/storage/object-store.ts';
import { createTaskRecords } from '../src/storage/task-records.ts';
import { loadWorkflowBundle } from '../src/workers/workflow-bundle.ts';
import { buzz, writeVoice } from '../test/providers/local/talk-files.ts';
import { startTestServer } from '../test/temporal-server.ts';
import { createDIdHarness, type DIdJob } from '../test/workflows/d-id-harness.ts';
import { happyActivities } from '../test/workflows/pipeline-harness.ts';
import { type Bench, percentile, type Row } from './bench.ts';

const PORTRAIT = new URL('../samples/portrait.jpg', import.meta.url).pathname;

const TALK_MS = 40_000;
const IN_FLIGHT = 10;
/**
 * In a twentieth of the time, what Temporal needs to pass a place on (some tenths of a second, whatever the talk takes)
 * weighs twenty times as much: the unscaled run is what an operator gets, the scaled one shows that cost enlarged.
 */
const THROUGHPUT_RUNS = [
  { scale: 1 / 20, jobs: 60 },
  { scale: 1, jobs: 30 },
];

/** Real time: a talk that takes what a short one does. */
const ADDED_TALK_MS = 5_000;
const ADDED_JOBS = 20;

export const dId: Bench = {
  name: 'd-id',
  title: `D-ID over its emulator: talks of ${TALK_MS / 1000} s, ${IN_FLIGHT} in flight; time added to ${ADDED_JOBS} talks`,
  async run() {
    const rows: Row[] = [];
    for (const run of THROUGHPUT_RUNS) {
      rows.push(...(await measureThroughput(run)));
    }
    return [...rows, ...(await measureAddedTime())];
  },
};

async function measureThroughput({ scale, jobs: count }: { scale: number; jobs: number }): Promise<Row[]> {
  const talkMs = TALK_MS * scale;
  await using server = await startTestServer();
  await using harness = await createDIdHarness({
    ...server,
    workflowBundle: await loadWorkflowBundle(),
    terms: { maxTalksInFlight: IN_FLIGHT, timeScale: scale, talkTimeoutMs: 10 * talkMs },
    // Polls would come twenty times as often as they do, and measure themselves.
    webhooks: true,
  });
  await run(await harness.start({ talkMs: () => 100 }));
  const jobs = await Promise.all(
    Array.from({ length: count }, () => harness.start({ talkMs: () => talkMs })),
  );
  await Promise.all(jobs.map(run));
  const starts = jobs.map(({ account }) => account.ledger[0]!.at.getTime());
  const neededMs = Math.max(...starts) + talkMs - Math.min(...starts);
  const talksAloneMs = (count / IN_FLIGHT) * talkMs;
  return [
    {
      what: `throughput of ${count} talks at ${1 / scale} times the speed, of what is possible`,
      value: (talksAloneMs / neededMs) * 100,
      unit: '%',
      atLeast: 95,
    },
    { what: 'most talks in flight', value: mostAtOnce(starts, talkMs), unit: '', atMost: IN_FLIGHT },
  ];
}

async function measureAddedTime(): Promise<Row[]> {
  const root = await mkdtemp(join(tmpdir(), 'limelight-bench-'));
  const store = createFileStore({ root });
  const voice = await writeVoice(
    join(root, 'voice.wav'),
    buzz(5, () => true),
  );
  const portrait = await sharp(PORTRAIT).png().toBuffer();
  await using server = await startTestServer();
  await using harness = await createDIdHarness({
    ...server,
    workflowBundle: await loadWorkflowBundle(),
    terms: { timeScale: 1 },
    store,
    overrides: realEnds(store, portrait, voice),
  });
  // The first tells the breaker what is usual, and the emulator has its video made.
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

/** What comes before and after D-ID, as far as it costs time there. */
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

/** Milliseconds from the first word about D-ID to the end. */
async function run({ handle }: DIdJob): Promise<number> {
  await handle.result();
  const { events } = await handle.query<Progress, [since?: number]>('progress');
  const from = events.find(({ data }) => data.stage === 'DID_UPLOAD')!;
  return Date.parse(events.at(-1)!.timestamp) - Date.parse(from.timestamp);
}

function mostAtOnce(starts: number[], talkMs: number): number {
  return Math.max(...starts.map((at) => starts.filter((other) => other <= at && at < other + talkMs).length));
}
