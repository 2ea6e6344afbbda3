import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NODE_FLAGS } from '../src/cli/stack/supervisor.ts';
import type { RetentionProof } from '../test/storage/prove-retention.ts';
import type { Bench } from './bench.ts';

const PROGRAM = join(import.meta.dirname, '../test/storage/prove-retention.ts');
const OBJECTS = 100_000;

export const retention: Bench = {
  name: 'retention',
  title: `retention of half of ${OBJECTS} objects on a disk, while jobs run and write`,
  async run() {
    // Runs in a process that is started like the io worker, because its memory is measured.
    const { stdout } = await promisify(execFile)(process.execPath, [...NODE_FLAGS, PROGRAM, String(OBJECTS)]);
    const { deleted, kept, seconds, peakMb, statsMs } = JSON.parse(stdout) as RetentionProof;
    return [
      { what: 'one run', value: seconds, unit: 's', atMost: 60 },
      { what: 'peak memory of the process', value: peakMb, unit: 'MB', atMost: 200 },
      { what: 'deleted', value: deleted, unit: '' },
      { what: 'of running jobs, all still there', value: kept, unit: '' },
      { what: 'storage stats afterwards', value: statsMs, unit: 'ms', atMost: 50 },
    ];
  },
};
