import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { shortVoice } from '../harness/recordings/short-voice.ts';
import { type Role, type RoleProcess, startRole } from '../harness/stack/role-process.ts';
import { startTestServer } from '../harness/temporal-server.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');
const ROLES: Role[] = ['api', 'io', 'gpu'];
/** In flight at a time: enough that every kind of process has work whenever it is stopped. */
const IN_FLIGHT = 6;

export interface RollingRestart {
  jobs: number;
  /** Processes of each role that are restarted, one after another: 1 or 2. */
  restartsOfEach: number;
  onProgress?: (line: string) => void;
}

export interface RollingResult {
  videos: number;
  /** What jobs ended with that made no video. */
  failures: string[];
  restarts: Array<{ role: Role; exitCode: number | null; drainMs: number; jobsDone: number }>;
  seconds: number;
}

/**
 * Two API, two io and two GPU processes, each of its own `limelight up --role …`, on one Temporal server and one store.
 * While jobs are submitted through both API processes, one process after the other is stopped as a supervisor stops it,
 * and started again.
 */
export async function rollingRestart(options: RollingRestart): Promise<RollingResult> {
  const { jobs, restartsOfEach, onProgress = () => {} } = options;
  const startedAt = performance.now();
  await using resources = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'limelight-rolling-'));
  resources.defer(() => rm(root, { recursive: true, force: true }));
  const server = resources.use(await startTestServer());
  const processes: RoleProcess[] = [];
  for (const role of ROLES.flatMap((one) => [one, one])) {
    processes.push(resources.use(await startRole(role, { temporalAddress: server.address, root })));
  }
  await Promise.all(processes.map((started) => started.untilReady()));
  onProgress(`two of each role are ready after ${toSeconds(startedAt)} s`);

  const clients = processes
    .filter(({ role }) => role === 'api')
    .map(({ url }) => createLimelightClient({ baseUrl: url, retryDelayMs: 250, tries: 240 }));
  // Small: what is tried is who does the work, not the work.
  const photo = await sharp(join(SAMPLES, 'portrait.jpg')).resize(480).jpeg().toBuffer();
  const image = new Blob([new Uint8Array(photo)], { type: 'image/jpeg' });
  const ends: Array<string | undefined> = [];
  let next = 0;
  let restarting = true;
  const work = async () => {
    // Jobs go on until the last restart is over, however quick they are.
    while (next < jobs || restarting) {
      const job = next;
      next += 1;
      ends.push(await runJob(clients[job % clients.length]!, image, job));
    }
  };
  const workers = Array.from({ length: IN_FLIGHT }, work);

  const restarts: RollingResult['restarts'] = [];
  for (const one of ROLES.flatMap((role) =>
    processes.filter((started) => started.role === role).slice(0, restartsOfEach),
  )) {
    await untilJobsEnd(ends, ends.length + Math.max(1, Math.floor(jobs / (restartsOfEach * 10))));
    const { exitCode, tookMs } = await one.stop();
    restarts.push({ role: one.role, exitCode, drainMs: Math.round(tookMs), jobsDone: ends.length });
    onProgress(
      `${one.role} drained in ${Math.round(tookMs)} ms (exit code ${exitCode}), ${ends.length} jobs done`,
    );
    one.start();
    await one.untilReady();
  }
  restarting = false;
  await Promise.all(workers);
  const failures = ends.filter((end) => end !== undefined);
  return {
    videos: ends.length - failures.length,
    failures,
    restarts,
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
}

/** @returns what it ended with where that is no video. */
async function runJob(
  client: ReturnType<typeof createLimelightClient>,
  image: Blob,
  job: number,
): Promise<string | undefined> {
  try {
    const { task_id } = await client.submit({
      image,
      audio: shortVoice(job),
      fields: { provider: 'local', conf_threshold: 0.3, background: `#${job.toString(16).padStart(6, '0')}` },
    });
    const outcome = await client.wait(task_id);
    if (!outcome.success) {
      return `${task_id}: ${outcome.error.code} ${outcome.error.message}`;
    }
    const video = await (await client.download(task_id)).blob();
    return video.size === outcome.metadata.video.bytes ? undefined : `${task_id}: the video is cut`;
  } catch (error) {
    return String(error);
  }
}

async function untilJobsEnd(ends: readonly unknown[], count: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (ends.length < count && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function toSeconds(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}
