/**
 * `npm run prove:readers [-- --minutes 10 --readers 1000 --tasks 50]`: a thousand readers on fifty tasks, each disconnected
 * five times at random. When a task ends, the next one begins. API, readers and the rest are separate processes. Fails if
 * a reader misses an event, gets it twice, out of order or late. Reports memory.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '../bench/bench.ts';
import { cpuSecondsOf } from '../bench/cpu-time.ts';
import { exitOnSignals } from '../bench/exit-on-signals.ts';
import { API_MALLOC } from '../src/cli/stack/stack.ts';
import { NODE_FLAGS } from '../src/cli/stack/supervisor.ts';
import { seededRandom } from '../src/providers/local/motion/seeded-random.ts';
import { createFileStore } from '../src/storage/file/file-store.ts';
import { createTaskRecords } from '../src/storage/task-records.ts';
import { type ReadersReport, submitMany } from '../test/api/many-readers.ts';
import { PHOTO, VOICE } from '../test/harness/api/job-form-data.ts';
import { startPipelineWorker } from '../test/harness/api/pipeline-worker.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';
import type { ApiUsage } from './prove-readers/api-process.ts';
import type { ReadersAnswer, ReadersQuestion } from './prove-readers/reader-process.ts';

/**
 * Duration of each stage and how many of it run at a time. As on a real machine, most of the tasks wait for a slot.
 */
const STAGE_MS = { least: 1_000, most: 3_000 };
const SLOTS = { media: 1, yolo: 2, birefnet: 1, render: 1 };
/** The first tasks start one by one within this time, because starting them is not measured. */
const SPREAD_MS = 45_000;
const REPORT_MS = 30_000;
/** After the last reader has left, until the API has found a quiet moment. */
const SETTLE_MS = 45_000;
/** Maximum delay from a stage change to a connected reader. */
const P99_MS = 250;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    readers: { type: 'string', default: '1000' },
    tasks: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, readers, tasks, seed] = [values.minutes, values.readers, values.tasks, values.seed].map(
  Number,
) as [number, number, number, number];

exitOnSignals();

const random = seededRandom(String(seed));
const root = await mkdtemp(join(tmpdir(), 'limelight-readers-'));
const store = createFileStore({ root });
await using server = await startTestServer();
await using _worker = await startPipelineWorker(
  server,
  { store, records: createTaskRecords({ store }) },
  { slots: SLOTS, stageMs: () => STAGE_MS.least + random() * (STAGE_MS.most - STAGE_MS.least) },
);
/** Same as `npm start` uses for the API. */
const start = (name: string, ...args: string[]) =>
  fork(join(import.meta.dirname, 'prove-readers', name), args, {
    execArgv: ['--expose-gc', ...NODE_FLAGS],
    env: { ...process.env, ...API_MALLOC },
  });
const api = start('api-process.ts', JSON.stringify({ address: server.address, root }));
const [url] = (await once(api, 'message')) as [string];
const readerProcess = start('reader-process.ts');
readerProcess.setMaxListeners(tasks + 10);
const media = { image: new Blob([new Uint8Array(PHOTO)]), audio: new Blob([new Uint8Array(VOICE)]) };

async function askApi(): Promise<ApiUsage> {
  api.send({});
  return (await once(api, 'message'))[0] as ApiUsage;
}

function read(question: ReadersQuestion): Promise<ReadersReport> {
  readerProcess.send(question);
  return new Promise((resolve) => {
    const listen = ({ id, report }: ReadersAnswer) => {
      if (id === question.id) {
        readerProcess.off('message', listen);
        resolve(report);
      }
    };
    readerProcess.on('message', listen);
  });
}

const endAt = Date.now() + minutes * 60_000;
const reports: ReadersReport[] = [];

/** Runs one task after another, with a share of the readers. */
async function followTasks(lane: number): Promise<void> {
  await sleep((lane * SPREAD_MS) / tasks);
  for (let round = 0; round === 0 || Date.now() < endAt; round += 1) {
    const taskIds = await submitMany(url, 1, media);
    const share = Math.round(((lane + 1) * readers) / tasks) - Math.round((lane * readers) / tasks);
    const readersSeed = seed + round * tasks + lane;
    reports.push(await read({ id: taskIds[0]!, url, taskIds, readers: share, cuts: 5, seed: readersSeed }));
  }
}

const cpuOf = (child: ChildProcess) => cpuSecondsOf(child.pid!);
const cpuNow = () => ({
  API: cpuOf(api),
  readers: cpuOf(readerProcess),
  worker: cpuSecondsOf(process.pid),
  Temporal: cpuSecondsOf(server.pid),
});

const before = await askApi();
const lanes = Promise.all(Array.from({ length: tasks }, (_, lane) => followTasks(lane)));
let isOver = false;
const over = lanes.finally(() => {
  isOver = true;
});
const heaps: number[] = [];
let [cpu, told, at] = [cpuNow(), 0, performance.now()];
while (!isOver) {
  await Promise.race([over, sleep(REPORT_MS, undefined, { ref: false })]);
  const [usage, used, some] = [await askApi(), cpuNow(), reports.slice(told)];
  heaps.push(usage.heapMb);
  const wallS = (performance.now() - at) / 1000;
  const cores = Object.entries(used).map(
    ([name, seconds]) => `${name} ${((seconds - cpu[name as keyof typeof cpu]) / wallS).toFixed(2)}`,
  );
  const figures = [
    `${some.length} tasks ended`,
    describe(some),
    `${usage.readers} readers now`,
    `cores: ${cores.join(', ')}`,
    `API late by ${usage.lateMs} ms at most, heap ${usage.heapMb.toFixed(1)} MB, resident ${usage.rssMb.toFixed(0)} MB`,
  ];
  process.stdout.write(`${figures.join('; ')}\n`);
  [cpu, told, at] = [used, told + some.length, performance.now()];
}
await over;
await sleep(SETTLE_MS);
const after = await askApi();
const faults = reports.flatMap((report) => report.faults);
const p99Ms = percentile(
  reports.flatMap(({ delaysMs }) => delaysMs),
  0.99,
);
process.stdout.write(
  `all: ${reports.length} tasks, ${describe(reports)} (at most ${P99_MS}: ${p99Ms <= P99_MS ? 'met' : 'MISSED'}); heap ${before.heapMb.toFixed(1)} MB before, at most ${Math.max(...heaps).toFixed(1)}, ${after.heapMb.toFixed(1)} at the end; resident ${before.rssMb.toFixed(0)} MB before, ${after.rssMb.toFixed(0)} at the end; ${after.readers} readers left\n`,
);
if (faults.length > 0 || after.readers > 0 || p99Ms > P99_MS) {
  process.stdout.write(`${faults.slice(0, 10).join('\n')}\n`);
  process.exitCode = 1;
}
readerProcess.disconnect();
api.disconnect();
await Promise.all([once(api, 'exit'), once(readerProcess, 'exit')]);
await rm(root, { recursive: true, force: true });

function describe(some: ReadersReport[]): string {
  const delaysMs = some.flatMap((report) => report.delaysMs);
  const resumed = some.reduce((sum, report) => sum + report.resumed, 0);
  const faultCount = some.reduce((sum, report) => sum + report.faults.length, 0);
  const [p50, p99] = [percentile(delaysMs, 0.5), percentile(delaysMs, 0.99)];
  return `${delaysMs.length} changes read, p50 ${p50} ms, p99 ${p99} ms, ${resumed} resumed, ${faultCount} faults`;
}
