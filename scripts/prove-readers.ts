/**
 * `npm run prove:readers [-- --minutes 10 --readers 1000 --tasks 50]`: a thousand readers on fifty tasks, each cut off five
 * times at random and back again, round after round. API, readers and the rest are processes of their own. Fails where a
 * reader misses an event, has it twice or out of order; says how long changes took to readers, and what memory did.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '../bench/bench.ts';
import { seededRandom } from '../src/providers/local/motion/seeded-random.ts';
import { createFileStore } from '../src/storage/file-store.ts';
import { createTaskRecords } from '../src/storage/task-records.ts';
import { PHOTO, VOICE } from '../test/api/job-form-data.ts';
import { type ManyReaders, type ReadersReport, submitMany } from '../test/api/many-readers.ts';
import { startPipelineWorker } from '../test/api/pipeline-worker.ts';
import { startTestServer } from '../test/temporal-server.ts';
import type { ApiUsage } from './prove-readers/api-process.ts';

/** Each stage of a task takes so long: a task of this proof is done in about 20 s. */
const STAGE_MS = { least: 1_000, most: 4_000 };
/** Tasks begin within so long. */
const SPREAD_MS = 5_000;

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

const random = seededRandom(String(seed));
const root = await mkdtemp(join(tmpdir(), 'limelight-readers-'));
const store = createFileStore({ root });
await using server = await startTestServer();
await using _worker = await startPipelineWorker(
  server,
  { store, records: createTaskRecords({ store }) },
  { stageMs: () => STAGE_MS.least + random() * (STAGE_MS.most - STAGE_MS.least) },
);
const start = (name: string, ...args: string[]) =>
  fork(join(import.meta.dirname, 'prove-readers', name), args, { execArgv: ['--expose-gc'] });
const api = start('api-process.ts', JSON.stringify({ address: server.address, root }));
const [url] = (await once(api, 'message')) as [string];
const readerProcess = start('reader-process.ts');

async function ask<T>(child: ChildProcess, message: object): Promise<T> {
  child.send(message);
  return (await once(child, 'message'))[0] as T;
}

async function runRound(round: number): Promise<ReadersReport> {
  const media = { image: new Blob([new Uint8Array(PHOTO)]), audio: new Blob([new Uint8Array(VOICE)]) };
  const submitted = Promise.all(
    Array.from({ length: tasks }, async (_, index) => {
      await sleep((index * SPREAD_MS) / tasks);
      return (await submitMany(url, 1, media))[0]!;
    }),
  );
  const taskIds = await submitted;
  return ask(readerProcess, { url, taskIds, readers, cuts: 5, seed: seed + round } satisfies ManyReaders);
}

const before = await ask<ApiUsage>(api, {});
const delays: number[] = [];
const faults: string[] = [];
const heaps: number[] = [];
let resumed = 0;
let usage = before;
const endAt = Date.now() + minutes * 60_000;
for (let round = 0; round === 0 || Date.now() < endAt; round += 1) {
  const startedAt = Date.now();
  const report = await runRound(round);
  const { cpuS } = usage;
  usage = await ask<ApiUsage>(api, {});
  faults.push(...report.faults);
  for (const delay of report.delaysMs) delays.push(delay);
  resumed += report.resumed;
  heaps.push(usage.heapMb);
  const wallS = (Date.now() - startedAt) / 1000;
  const figures = [
    `${report.delaysMs.length} changes read in ${wallS.toFixed(0)} s`,
    `p50 ${percentile(report.delaysMs, 0.5)} ms, p99 ${percentile(report.delaysMs, 0.99)} ms`,
    `${report.resumed} resumed, ${report.faults.length} faults`,
    `API: ${((usage.cpuS - cpuS) / wallS).toFixed(2)} cores, late by ${usage.lateMs} ms at most, heap ${usage.heapMb.toFixed(1)} MB, resident ${usage.rssMb.toFixed(0)} MB`,
  ];
  process.stdout.write(`round ${round + 1}: ${figures.join('; ')}\n`);
}
process.stdout.write(
  `all: ${delays.length} changes, p50 ${percentile(delays, 0.5)} ms, p99 ${percentile(delays, 0.99)} ms, ${resumed} resumed, ${faults.length} faults; heap ${before.heapMb.toFixed(1)} MB before, ${heaps[0]!.toFixed(1)} after the first round, ${heaps.at(-1)!.toFixed(1)} at the end; ${usage.readers} readers left\n`,
);
if (faults.length > 0 || usage.readers > 0) {
  process.stdout.write(`${faults.slice(0, 10).join('\n')}\n`);
  process.exitCode = 1;
}
readerProcess.disconnect();
api.disconnect();
await Promise.all([once(api, 'exit'), once(readerProcess, 'exit')]);
