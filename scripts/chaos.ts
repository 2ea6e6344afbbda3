/** Jobs for D-ID with its emulator while workers are killed: `node scripts/chaos.ts --jobs 50 --kills 20 --seed 1`. */
import { parseArgs } from 'node:util';
import { killWorkers } from '../test/chaos/kill-workers.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '50' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const jobs = Number(values.jobs);
const result = await killWorkers({ jobs, kills: Number(values.kills), seed: Number(values.seed) });
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
process.exit(result.videos === jobs && result.paidTalks === jobs ? 0 : 1);
