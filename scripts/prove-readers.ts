/**
 * `npm run prove:readers [-- --minutes 10 --readers 1000 --tasks 50]`: a thousand readers on fifty tasks at a time, each cut
 * off five times at random and back again, round after round. Fails where one misses an event, has it twice or out of
 * order; says how long changes took to readers, and what memory did.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { percentile } from '../bench/bench.ts';
import { PHOTO, VOICE } from '../test/api/job-form-data.ts';
import { readByMany, submitMany } from '../test/api/many-readers.ts';
import { startPipelineWorker } from '../test/api/pipeline-worker.ts';
import { startTestApi } from '../test/api/test-api.ts';
import { startTestServer } from '../test/temporal-server.ts';

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
);

await using server = await startTestServer();
await using api = await startTestApi(server.client, { access: { rate: { perS: 1e6, burst: 1e6 } } });
await using worker = await startPipelineWorker(server, api);
const [image, audio] = [PHOTO, VOICE].map((bytes) => new Blob([new Uint8Array(bytes)]));

const heapMb = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
const delays: number[] = [];
const heaps: number[] = [heapMb()];
const faults: string[] = [];
let resumed = 0;
const endAt = Date.now() + minutes! * 60_000;
for (let round = 0; round === 0 || Date.now() < endAt; round += 1) {
  const held = worker.hold('renderTalk');
  const taskIds = await submitMany(api.url, tasks!, { image: image!, audio: audio! });
  const reading = readByMany({ url: api.url, taskIds, readers: readers!, cuts: 5, seed: seed! + round });
  for (let waited = 0; held.reached() < tasks! && waited < 600; waited += 1) await sleep(200);
  held.release();
  const report = await reading;
  faults.push(...report.faults);
  for (const delay of report.delaysMs) delays.push(delay);
  resumed += report.resumed;
  heaps.push(heapMb());
  process.stdout.write(
    `round ${round + 1}: ${report.delaysMs.length} changes read, p99 ${percentile(report.delaysMs, 0.99)} ms, ${report.resumed} resumed, ${report.faults.length} faults, heap ${heaps.at(-1)!.toFixed(1)} MB\n`,
  );
}
process.stdout.write(
  `all: ${delays.length} changes, p50 ${percentile(delays, 0.5)} ms, p99 ${percentile(delays, 0.99)} ms, ${resumed} resumed; heap ${heaps[0]!.toFixed(1)} MB before, ${heaps[1]!.toFixed(1)} after the first round, ${heaps.at(-1)!.toFixed(1)} at the end; ${api.hub.readers} readers left\n`,
);
if (faults.length > 0 || api.hub.readers > 0) {
  process.stdout.write(`${faults.slice(0, 10).join('\n')}\n`);
  process.exitCode = 1;
}
