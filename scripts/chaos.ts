/**
 * `npm run chaos -- --seed 1 --jobs 500 --kills 200 --outages 50`: the whole of Limelight as processes, with jobs of every
 * kind, while processes are killed and stopped, connections are cut and the disk fills up. Then an independent check
 * compares what clients, Temporal, the store and D-ID's emulator have. Fails if anything was lost, doubled, paid twice or
 * left behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { runChaos } from '../test/chaos/chaos.ts';
import { toSummary } from '../test/chaos/report.ts';
import { obtainS3Program } from '../test/harness/s3-server.ts';
import { maySmallDisk, onSmallDisk } from '../test/harness/small-disk.ts';

/** Far more than the objects of a run need. */
const DISK_MB = 4_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '100' },
    /** Default: two for five jobs. */
    kills: { type: 'string' },
    /** Default: one for ten jobs. */
    outages: { type: 'string' },
    /** Seconds. */
    'longest-outage': { type: 'string', default: '60' },
    /** Default: s3 if its server can be built here. */
    store: { type: 'string' },
    /** Folder for the report. */
    out: { type: 'string', default: 'out/chaos' },
    json: { type: 'boolean', default: false },
    /** The mount point of a disk of its own, set by this script itself. */
    disk: { type: 'string' },
  },
});
const jobs = Number(values.jobs);
const numbers = {
  seed: Number(values.seed),
  jobs,
  kills: Number(values.kills ?? Math.round(jobs * 0.4)),
  outages: Number(values.outages ?? Math.round(jobs / 10)),
  longestOutageMs: Number(values['longest-outage']) * 1000,
};
const store = values.store ?? (obtainS3Program() ? 's3' : 'folder');
if (Object.values(numbers).some((value) => !(value >= 0)) || (store !== 's3' && store !== 'folder')) {
  process.stderr.write(
    'Expected numbers: --seed S --jobs N [--kills N] [--outages N] [--longest-outage SECONDS] [--store s3|folder]\n',
  );
  process.exit(2);
}

process.exitCode = values.disk === undefined && maySmallDisk() ? await runOnDisk() : await run();

/** Runs this script once more, on a disk that it can fill. */
async function runOnDisk(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-chaos-disk-'));
  const script = [process.execPath, import.meta.filename, ...process.argv.slice(2), '--disk', folder];
  const child = spawn(...onSmallDisk(folder, DISK_MB, script), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  await rmdir(folder);
  return code ?? 1;
}

async function run(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const { report, evidence } = await runChaos({
    ...numbers,
    store: store as 's3' | 'folder',
    ...(values.disk !== undefined && { disk: { folder: values.disk, sizeKb: DISK_MB * 1024 } }),
    onProgress: values.json ? () => {} : say,
  });
  await mkdir(values.out, { recursive: true });
  const path = join(values.out, `seed-${report.seed}`);
  await writeFile(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  if (report.findings.length > 0) {
    await writeFile(`${path}-evidence.json`, JSON.stringify(evidence));
  }
  process.stdout.write(
    values.json ? JSON.stringify(report) : `${toSummary(report)}\n  Report: ${path}.json\n`,
  );
  return report.findings.length + report.problems.length === 0 ? 0 : 1;
}
