import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { activityInfo } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Agent } from 'undici';
import type { Account, AccountOptions } from '../../emulators/d-id/account.ts';
import { type Emulator, startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { withFailureBoundary } from '../../src/activities/boundary.ts';
import { createGateActivities } from '../../src/activities/provider-gate.ts';
import { createRemoteTalkActivities } from '../../src/activities/remote-talk.ts';
import { providerRoutes } from '../../src/api/routes/provider-health.ts';
import type { ErrorCode } from '../../src/contracts/error-codes.ts';
import { PROGRESS_QUERY, toWorkflowId } from '../../src/contracts/messages.ts';
import { type ProviderTerms, toBreakerId, toTidyUpId } from '../../src/contracts/provider-gate.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { JobInput, Resume } from '../../src/contracts/schemas/job.ts';
import type { Progress } from '../../src/contracts/schemas/messages.ts';
import type { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { RemoteVideoProvider } from '../../src/ports/video-provider.ts';
import { dId } from '../../src/providers/d-id/descriptor.ts';
import { createScratchFolder } from '../../src/storage/scratch-folder.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createTemporalGate } from '../../src/temporal/temporal-gate.ts';
import { createWorkflowSignals } from '../../src/temporal/workflow-signals.ts';
import { workflowSlots } from '../../src/temporal/workflow-slots.ts';
import type { generateVideo } from '../../src/workflows/index.ts';
import type { Leftovers } from '../../src/workflows/remote-talk/leftovers.ts';
import { writeSmallTalkFiles } from '../providers/local/talk-files.ts';
import { dIdAt } from './d-id-at.ts';
import { happyActivities, toStored } from './happy-activities.ts';
import { toJobInput } from './pipeline-harness.ts';
import type { TestServer } from './temporal-server.ts';
import { startWorkers } from './workers.ts';

export const VOICE_S = 1;

/** Waits are a fiftieth of the real ones. */
export const TERMS: ProviderTerms = {
  maxTalksInFlight: 100,
  talkTimeoutMs: 20_000,
  hasWebhook: false,
  timeScale: 0.02,
};

export interface DIdJob {
  taskId: string;
  handle: WorkflowHandle<typeof generateVideo>;
  account: Account;
  /** Every `metadata.json` that was written. */
  written: TaskMetadata[];
}

/** What the job reports now, with the messages of its events. */
export async function progressOf({ handle }: Pick<DIdJob, 'handle'>) {
  const progress = await handle.query<Progress, [since?: number]>(PROGRESS_QUERY);
  return { ...progress, messages: progress.events.map(({ data }) => data.message) };
}

/** The same after the end of the job, however it ends. */
export async function endOf(job: DIdJob) {
  await job.handle.result().catch(() => undefined);
  return progressOf(job);
}

export interface DIdHarness extends AsyncDisposable {
  emulator: Emulator;
  start(
    account: Omit<AccountOptions, 'apiKey'>,
    options?: Partial<JobInput['options']>,
    input?: Pick<JobInput, 'retryWindowS'> & {
      /** What an earlier attempt left at D-ID. */
      leftovers?: Partial<Leftovers>;
    },
  ): Promise<DIdJob>;
  /** The next call of this activity fails for good. */
  failOnce(activity: string, code: ErrorCode): void;
  /** Resolves when what the first attempt of the job left at D-ID is gone, if it left anything. */
  tidied(job: DIdJob): Promise<void>;
}

export interface DIdHarnessDeps extends Pick<TestServer, 'client' | 'namespace' | 'workerConnection'> {
  terms?: Partial<ProviderTerms>;
  /** Where portraits and voices are, and videos go. Default: one portrait and one voice for all. */
  store?: ObjectStore;
  /** Whether the emulator tells of changes, by the API's own route. */
  webhooks?: boolean;
  /** Activities in place of those that answer at once, by name. */
  overrides?: Record<string, (argument: never) => Promise<unknown>>;
}

/**
 * The real workflow and the real activities for D-ID over the emulator, each job with an account of its own; only what
 * comes before and after D-ID answers at once.
 */
export async function createDIdHarness(deps: DIdHarnessDeps): Promise<DIdHarness> {
  const { client, overrides = {} } = deps;
  const resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'limelight-d-id-harness-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const hooks = deps.webhooks ? resources.use(await serveWebhooks(client)) : undefined;
  const emulator = resources.use(await startEmulator(hooks && { webhookOrigin: hooks.origin }));
  const dispatcher = new Agent({ connect: { timeout: 3_000 }, headersTimeout: 5_000, bodyTimeout: 5_000 });
  resources.defer(() => dispatcher.destroy());
  const jobs = new Map<string, DIdJob & { provider: RemoteVideoProvider }>();
  const current = () => jobs.get(activityInfo().workflowExecution!.workflowId.split('/')[1]!)!;

  const provider = new Proxy({} as RemoteVideoProvider, {
    get: (_, method: keyof RemoteVideoProvider) => current().provider[method],
  });
  const store = deps.store ?? (await createTwoFileStore(folder));
  const failures = new Map<string, ErrorCode>();
  const note = async (metadata: TaskMetadata) => void jobs.get(metadata.task_id)?.written.push(metadata);
  const activities: Record<string, (argument: never) => Promise<unknown>> = {
    ...happyActivities(),
    ...createGateActivities({ signals: createWorkflowSignals({ client }) }),
    recordTask: note,
    amendTask: note,
    ...createRemoteTalkActivities({
      store,
      provider,
      terms: { ...TERMS, hasWebhook: deps.webhooks ?? false, ...deps.terms },
    }),
    ...overrides,
  };
  const failing = Object.entries(activities).map(([name, run]) => [
    name,
    async (argument: never) => {
      const code = failures.get(name);
      if (code && failures.delete(name)) {
        throw ApplicationFailure.create({ type: code, message: `${code} happened`, nonRetryable: true });
      }
      return run(argument);
    },
  ]);
  const workers = await startWorkers(deps, withFailureBoundary(Object.fromEntries(failing)), {
    // As the io worker has it.
    toOptions: (taskQueue) => (taskQueue === QUEUES.pipeline ? { tuner: workflowSlots() } : {}),
  });
  resources.defer(async () => {
    await client.workflow
      .getHandle(toBreakerId('d-id'))
      .terminate()
      .catch(() => undefined);
    await workers[Symbol.asyncDispose]();
  });

  return {
    emulator,
    failOnce: (activity, code) => failures.set(activity, code),
    async start(accountOptions, options, { leftovers, ...more } = {}) {
      const submitted = toJobInput({ provider: 'd-id', ...options });
      const input = { ...submitted, ...more, ...(leftovers && { resume: toResume(submitted, leftovers) }) };
      const { taskId } = input;
      const apiKey = `${taskId}:password`;
      const job = {
        taskId,
        account: emulator.open({ talkMs: () => 60, ...accountOptions, apiKey }),
        provider: dIdAt({
          url: emulator.url,
          dispatcher,
          apiKey,
          ...(hooks && { webhookUrl: `https://limelight.example/api/webhooks/d-id/${WEBHOOK_SECRET}` }),
        }),
        written: [],
        handle: client.workflow.getHandle<typeof generateVideo>(toWorkflowId(taskId)),
      };
      jobs.set(taskId, job);
      await client.workflow.start<typeof generateVideo>('generateVideo', {
        workflowId: toWorkflowId(taskId),
        taskQueue: QUEUES.pipeline,
        args: [input],
      });
      return job;
    },
    async tidied({ taskId }) {
      await client.workflow
        .getHandle(toTidyUpId(taskId, 1))
        .result()
        .catch((error: Error) => {
          if (error.name !== 'WorkflowNotFoundError') throw error;
        });
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Of a retry that repeats all steps. */
function toResume({ taskId, provider, submittedAt }: JobInput, leftovers: Partial<Leftovers>): Resume {
  const none = {
    timeScale: TERMS.timeScale,
    voiceS: VOICE_S,
    mayHaveUnknownTalk: false,
    hasPlace: false,
    attempt: 2,
  };
  return {
    attempt: 2,
    from: 'upload',
    at: submittedAt,
    events: [],
    steps: {},
    objects: [],
    usage: [],
    leftovers: { provider, requestId: taskId, ...none, ...leftovers },
  };
}

const WEBHOOK_SECRET = 'a-secret-of-the-harness';

/** The API's route for webhooks over a real Temporal, and nothing else of the API. */
async function serveWebhooks(client: Client): Promise<AsyncDisposable & { origin: string }> {
  const remote = {
    account: { readCredits: async () => ({ remaining: 0, total: 0 }) },
    gate: createTemporalGate({ client, provider: 'd-id' }),
    webhookSecret: WEBHOOK_SECRET,
  };
  const app = providerRoutes({
    providers: [{ descriptor: dId, isAvailable: true, remote }],
    logger: createLogger('harness', { level: 'silent' }),
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** Every portrait is one small picture, every voice one second; a video is looked at and gone. */
export async function createTwoFileStore(folder: string): Promise<ObjectStore> {
  const { portrait, voice } = await writeSmallTalkFiles(folder, VOICE_S);
  return {
    localPath: async (key: string) => (key.endsWith('.wav') ? voice : portrait),
    put: async (key: string) => toStored(key),
    putMany: async (objects) => objects.map(({ key }) => toStored(key)),
    stat: async () => undefined,
    scratch: () => createScratchFolder(folder),
  } satisfies Partial<ObjectStore> as unknown as ObjectStore;
}
