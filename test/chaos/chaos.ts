import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { clamp } from '../../src/clamp.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { ERASE_TASK } from '../../src/contracts/erase.ts';
import type { WebhookDeliveries } from '../../src/contracts/schemas/webhook.ts';
import { isTerminal } from '../../src/contracts/stages.ts';
import { ignoreFailure } from '../../src/errors.ts';
import { startReceiver } from '../harness/api/webhook-receiver.ts';
import { type ChaosStack, PLACES, startChaosStack } from './chaos-stack.ts';
import { checkEvidence } from './check-evidence.ts';
import { type ClientLog, type ClientOptions, runJob } from './clients.ts';
import type { Evidence, ExecutionFacts, ReaderLog } from './evidence.ts';
import { FaultRunner } from './fault-runner.ts';
import { listExecutions, readLeftovers, readObjects, readPlaces, sweep } from './gather-evidence.ts';
import { makePlan, type PlannedJob, type PlanOptions } from './plan.ts';
import { type ChaosReport, toReport } from './report.ts';
import { readTask } from './task-reader.ts';

export interface ChaosOptions extends Omit<PlanOptions, 'hasDisk'> {
  /** A folder on a disk of its own, and the disk's size, if it may be filled. */
  disk?: { folder: string; sizeKb: number };
  onProgress(line: string): void;
}

/** Enough that every kind of process has work whenever it is disturbed. */
const MAX_IN_FLIGHT = 24;
const MIN_IN_FLIGHT = 4;
/** Few enough at a time that faults happen between them. */
const IN_FLIGHT_SHARE = 0.2;
/** Longer than any chain of faults, backoffs and retries of one job takes. */
const JOB_TIMEOUT_MS = 10 * 60_000;
const QUIET_TIMEOUT_MS = 8 * 60_000;
const LAST_JOBS_TIMEOUT_MS = 4 * 60_000;
const POLL_MS = 500;
const PROGRESS_MS = 15_000;
/** Lists of Temporal lag behind by less than this. */
const VISIBILITY_MS = 2_000;
/** Workflows that are never done. */
const PERMANENT_TYPES = /^(providerBreaker|temporal-sys-)/;

/** A whole run: jobs and faults, then calm, then the check. */
export async function runChaos(options: ChaosOptions): Promise<{ report: ChaosReport; evidence: Evidence }> {
  const { seed, onProgress, disk } = options;
  const startedAt = Date.now();
  await using resources = new AsyncDisposableStack();
  const workFolder = await mkdtemp(join(tmpdir(), 'limelight-chaos-'));
  let isClean = false;
  resources.defer(async () => {
    // If there are findings, the logs are kept.
    if (isClean) await rm(workFolder, { recursive: true, force: true });
  });
  const inFlight = Math.round(clamp(options.jobs * IN_FLIGHT_SHARE, MIN_IN_FLIGHT, MAX_IN_FLIGHT));
  // Twins are submitted together, so that at times there are more.
  const quota = inFlight * 2;
  const receiver = resources.use(await startReceiver());
  const stack = resources.use(
    await startChaosStack({
      seed,
      store: options.store,
      root: disk?.folder ?? (await mkdtemp(join(workFolder, 'store-'))),
      ...(disk && { diskKb: disk.sizeKb }),
      workFolder,
      quota,
    }),
  );
  onProgress(`The stack is ready after ${seconds(startedAt)} s. Logs: ${join(workFolder, 'logs')}`);

  const plan = makePlan({ ...options, hasDisk: disk !== undefined });
  const clientOptions: ClientOptions = {
    apiUrls: stack.apiUrls,
    apiKey: stack.apiKey,
    webhookUrl(taskId, isDown) {
      if (isDown) receiver.answer(`/${taskId}`, 503);
      return receiver.url(`/${taskId}`);
    },
    jobTimeoutMs: JOB_TIMEOUT_MS + options.longestOutageMs,
  };
  const faults = new FaultRunner(stack, plan.faults);
  const disturbing = faults.run();
  let ended = 0;
  const telling = setInterval(
    () =>
      onProgress(`${seconds(startedAt)} s: ${ended} of ${options.jobs} jobs, ${faults.done.length} faults`),
    PROGRESS_MS,
  );
  resources.defer(() => clearInterval(telling));
  const logs = await submitAll(plan.jobs, inFlight, clientOptions, faults, (count) => {
    ended += count;
  });
  await disturbing;
  clearInterval(telling);
  onProgress(`${seconds(startedAt)} s: all jobs and ${faults.done.length} faults are over`);

  await stack.untilReady();
  await sleep(VISIBILITY_MS);
  const last = await runLastJobs(quota, plan.jobs.length, logs, clientOptions);
  logs.push(...last.logs);
  const connection = await Connection.connect({ address: stack.temporalAddress });
  resources.defer(() => connection.close());
  const client = new Client({ connection });
  const erased = logs.filter(({ task }) => task.isErased).map(({ task }) => task.taskId);
  await untilQuiet(client, stack, erased, onProgress);
  onProgress(`${seconds(startedAt)} s: it is quiet`);

  const late = await readAgain(logs, stack);
  const places = await readPlaces(client);
  const litter = await sweep(stack.store);
  const unclean = await stack.stop();
  const executions = await listExecutions(client);
  const { objects, records } = await readObjects(stack.store);
  const evidence: Evidence = {
    tasks: logs.map(({ task }) => task),
    readers: [...logs.flatMap(({ readers }) => readers), ...late],
    webhooks: receiver.received.map(({ headers, body }) => ({
      id: headers['webhook-id'] ?? '',
      taskId: body.data.task_id,
      seq: body.data.seq,
      stage: body.data.data.stage,
    })),
    executions,
    objects,
    records,
    litter,
    paid: stack.account.ledger.map(({ talkId, userData, at, endedAt }) => ({
      talkId,
      userData,
      at: at.toISOString(),
      ...(endedAt && { endedAt: endedAt.toISOString() }),
    })),
    leftovers: await readLeftovers(client, stack.account, executions),
    places: { ...places, limit: PLACES },
    lastJobs: { asked: quota, completed: last.completed, refused: last.refused },
    processes: [...unclean, ...(await processesLeft(stack.store))],
  };
  const findings = checkEvidence(evidence);
  if (findings.length > 0) await cp(stack.store.folder, join(workFolder, 'objects'), { recursive: true });
  isClean = findings.length === 0 && faults.problems.length === 0;
  const report = toReport({
    options,
    evidence,
    findings,
    faults: faults.done,
    problems: faults.problems,
    seconds: Number(seconds(startedAt)),
    ...(isClean ? {} : { logs: join(workFolder, 'logs') }),
  });
  return { report, evidence };
}

async function submitAll(
  jobs: PlannedJob[],
  inFlight: number,
  options: ClientOptions,
  faults: FaultRunner,
  onEnd: (count: number) => void,
): Promise<ClientLog[]> {
  const logs: ClientLog[] = [];
  const batches = Array.from(toBatches(jobs));
  let next = 0;
  const work = async () => {
    for (;;) {
      const batch = batches[next];
      next += 1;
      if (!batch) return faults.endSubmissions();
      await faults.maySubmit(batch[0]!.index / jobs.length);
      const ended = await Promise.all(batch.map((job) => runJob(job, options)));
      logs.push(...ended);
      onEnd(ended.length);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return logs;
}

/** Twins are submitted at the same time. */
function* toBatches(jobs: PlannedJob[]): Generator<PlannedJob[]> {
  let batch: PlannedJob[] = [];
  for (const job of jobs) {
    if (!job.isTwin && batch.length > 0) {
      yield batch;
      batch = [];
    }
    batch.push(job);
  }
  if (batch.length > 0) yield batch;
}

/**
 * As many jobs at once as the quota of the key allows, most of them from the cache. That all are accepted and complete shows
 * that nothing is held any more: no quota, no slot, no place at the provider, no claim of a video.
 */
async function runLastJobs(count: number, firstIndex: number, logs: ClientLog[], options: ClientOptions) {
  const videos = logs.filter(
    ({ task }) => task.outcomes.at(-1)?.success && !task.isErased && task.job.cache === 'use',
  );
  const plain = { priority: 3, retries: 0, isTwin: false };
  const jobs = Array.from({ length: count }, (_, number): PlannedJob => {
    const index = firstIndex + number;
    // Eight of them are new work, half of it for D-ID.
    const like = number < 8 ? undefined : videos[number % Math.max(1, videos.length)]?.task.job;
    return {
      ...plain,
      index,
      provider: like?.provider ?? (number % 2 === 0 ? 'local' : 'd-id'),
      content: like?.content ?? { photo: number, voice: index, background: '#204060' },
      cache: 'use',
      onOutage: 'wait',
      isReceiverDown: false,
      isSentTwice: false,
      isErasedAtEnd: false,
      readers: [],
    };
  });
  const refused: string[] = [];
  const ended = await Promise.all(
    jobs.map((job) =>
      runJob(job, {
        ...options,
        jobTimeoutMs: LAST_JOBS_TIMEOUT_MS,
        onRefusal: (status) => refused.push(`${status} for job ${job.index}`),
      }),
    ),
  );
  // The provider's own faults may fail a job, which is no sign of something that is held.
  const completed = ended.filter(({ task }) => task.outcomes.length > 0).length;
  return { logs: ended, completed, refused };
}

/**
 * Sends webhooks that wait for their next attempt. Waits until no workflow runs any more and Temporal has deleted the
 * histories of erased tasks, which takes minutes.
 */
async function untilQuiet(
  client: Client,
  stack: ChaosStack,
  erased: string[],
  say: (line: string) => void,
): Promise<void> {
  const isErased = ({ workflowId, type }: ExecutionFacts) =>
    type !== ERASE_TASK && erased.some((taskId) => workflowId.includes(taskId));
  const deadline = Date.now() + QUIET_TIMEOUT_MS;
  for (let round = 0; ; round += 1) {
    await sleep(VISIBILITY_MS);
    const busy = (await listExecutions(client)).filter(
      (one) => (one.status === 'RUNNING' && !PERMANENT_TYPES.test(one.type)) || isErased(one),
    );
    if (busy.length === 0) return;
    if (round % 10 === 0) {
      const groups = [...Map.groupBy(busy, ({ type, status }) => `${type} (${status})`)];
      say(`Waiting for ${groups.map(([name, some]) => `${some.length} ${name}`).join(', ')}`);
      await sendWebhooks(stack);
    }
    if (Date.now() > deadline) return;
  }
}

async function sendWebhooks({ apiUrls, apiKey }: ChaosStack): Promise<void> {
  const headers = { Authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${apiUrls[0]}/api/webhooks/deliveries?state=pending&limit=100`, { headers });
  if (!answer.ok) return;
  const { deliveries } = (await answer.json()) as WebhookDeliveries;
  for (const { id } of deliveries) {
    const sent = await fetch(`${apiUrls[0]}/api/webhooks/deliveries/${id}/send`, { method: 'POST', headers });
    await sent.body?.cancel();
  }
}

/** Reads each task once more from its first event, like a reader that connects after the end. */
async function readAgain(logs: ClientLog[], { apiUrls, apiKey }: ChaosStack): Promise<ReaderLog[]> {
  const late: ReaderLog[] = [];
  const signal = AbortSignal.timeout(QUIET_TIMEOUT_MS);
  const client = createLimelightClient({ baseUrl: apiUrls[0]!, apiKey });
  const waiting = logs.filter(({ task }) => task.isAccepted && !task.isErased).map(({ task }) => task.taskId);
  const read = async () => {
    for (let taskId = waiting.pop(); taskId !== undefined; taskId = waiting.pop()) {
      const status = await ignoreFailure(client.status(taskId), 'its reader finds the same');
      // The check finds jobs that have not ended by themselves.
      if (status && !isTerminal(status.stage)) continue;
      const reader = { kind: 'late', cutAfter: 0 } as const;
      const goesOn = async () => false;
      const isSubmitted = () => true;
      late.push(await readTask({ taskId, reader, apiUrls, apiKey, goesOn, isSubmitted, signal }));
    }
  };
  await Promise.all(Array.from({ length: 4 }, read));
  return late;
}

/** Processes of Limelight with these folders, orphans included. A slot may first finish what it is doing. */
async function processesLeft({ views }: ChaosStack['store']): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    const left: string[] = [];
    for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (views.some(({ root }) => environment.includes(`STORAGE_ROOT=${root}`))) {
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        left.push(`${pid} ${command.replaceAll('\0', ' ').trim()}`);
      }
    }
    if (left.length === 0 || tries === 20) return left;
    await sleep(POLL_MS);
  }
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(0);
}
