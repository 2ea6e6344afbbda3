import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, Context, heartbeat } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { withFailureBoundary } from '../../../src/activities/boundary.ts';
import { createEraseActivities, type EraseDeps } from '../../../src/activities/erase.ts';
import { keepAlive } from '../../../src/activities/keep-alive.ts';
import { createGateActivities } from '../../../src/activities/provider-gate.ts';
import { createRecordActivities, type RecordDeps } from '../../../src/activities/records.ts';
import { createWebhookActivities } from '../../../src/activities/webhooks.ts';
import type { OfferedProvider } from '../../../src/api/submit/choose-provider.ts';
import { taskIdOf } from '../../../src/contracts/messages.ts';
import { QUEUES, type QueueName } from '../../../src/contracts/queues.ts';
import type { Person } from '../../../src/contracts/schemas/job-outcome.ts';
import { toNetworks } from '../../../src/outbound/networks.ts';
import { createOutbound } from '../../../src/outbound/outbound.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import type { TaskRecords } from '../../../src/ports/task-records.ts';
import type { WorkflowSignals } from '../../../src/ports/workflow-signals.ts';
import { createDisabledWebhooks } from '../../../src/storage/disabled-webhooks.ts';
import { createWebhookSecrets } from '../../../src/storage/webhook-secrets.ts';
import { createTaskExecutions } from '../../../src/temporal/task-executions.ts';
import { createTemporalTimeline } from '../../../src/temporal/temporal-timeline.ts';
import { createWorkflowSignals } from '../../../src/temporal/workflow-signals.ts';
import { happyActivities, STAGE_ACTIVITIES } from '../happy-activities.ts';
import { allQueues } from '../providers.ts';
import type { TestServer } from '../temporal-server.ts';
import { startWorkers } from '../workers.ts';

/** The address of the server in webhooks. */
export const PUBLIC_URL = 'https://videos.example.org';

/** `using held = worker.hold(…)` lets jobs go on even if an assertion fails. */
export interface Held extends Disposable {
  release(): void;
  /** Releases the jobs by failing the activity with this error. */
  fail(error: Error): void;
  /** How many jobs have stopped here. */
  reached(): number;
}

export interface PipelineWorker extends AsyncDisposable {
  /** Jobs, or the given one, stop in this activity, which sends heartbeats, until it is released or disposed. */
  hold(activity: string, taskId?: string): Held;
  /** Jobs fail in this activity until it is released. */
  fail(activity: string, error: Error): { release: () => void };
  /** What detection finds from now on. Default: one person. */
  findPersons(persons: Person[]): void;
}

/** Duration of the recording of `jobForm`, which providers charge by. */
const VOICE_S = 1;

interface Gate {
  reached: number;
  open: boolean;
  /** What the activity fails with once it is open. */
  error?: Error;
}

/** The real workflow, and activities that store small files and real records without looking at any picture. */
export async function startPipelineWorker(
  server: Pick<TestServer, 'workerConnection' | 'namespace'>,
  { store, records }: { store: ObjectStore; records: TaskRecords },
  {
    providers = [],
    stageMs,
    slots = {},
    cancelTimeoutMs,
  }: {
    /** Queues of the remote ones are polled too. */
    providers?: readonly Pick<OfferedProvider, 'descriptor'>[];
    /** How long the next activity of a stage takes, beating meanwhile. */
    stageMs?: () => number;
    /** How many activities of a queue run at a time. Default: a hundred. */
    slots?: Partial<Record<QueueName, number>>;
    /** After which erasing terminates a job that does not end. Default: as in production. */
    cancelTimeoutMs?: number;
  } = {},
): Promise<PipelineWorker> {
  const gates = new Map<string, Gate>();
  const toGateName = (activity: string, taskId: string | undefined) => `${activity}/${taskId ?? ''}`;
  const client = new Client({ connection: server.workerConnection, namespace: server.namespace });
  const timelines = createTemporalTimeline({ client });
  const executions = createTaskExecutions({
    client,
    ...(cancelTimeoutMs !== undefined && { cancelTimeoutMs }),
  });
  const signals = createWorkflowSignals({ client });
  const failures = new Map<string, Error>();
  const found = { persons: [{ id: 1, confidence: 0.9, box: [1, 1, 60, 60] }] as Person[] };
  const activities = Object.fromEntries(
    Object.entries(createActivities({ store, records, timelines, executions, signals }, found)).map(
      ([name, run]) => [
        name,
        async (request: never) => {
          const failure = failures.get(name);
          if (failure) throw failure;
          if (stageMs && STAGE_ACTIVITIES.some((stage) => stage === name))
            await keepAlive((signal) => sleep(stageMs(), undefined, { signal }));
          const taskId = taskIdOf(activityInfo().workflowExecution?.workflowId ?? '');
          const gate = gates.get(toGateName(name, taskId)) ?? gates.get(toGateName(name, undefined));
          if (gate) gate.reached += 1;
          for (let frame = 1; gate && !gate.open; frame++) {
            heartbeat({ frame, frames: 1000 });
            await Context.current().sleep(20);
          }
          if (gate?.error) throw gate.error;
          return (run as (request: never) => Promise<unknown>)(request);
        },
      ],
    ),
  );
  const workers = await startWorkers(server, withFailureBoundary(activities), {
    queues: allQueues(providers.map(({ descriptor }) => descriptor)),
    toOptions: (taskQueue) => {
      const [, slotCount] =
        Object.entries(slots).find(([name]) => QUEUES[name as QueueName] === taskQueue) ?? [];
      return slotCount ? { maxConcurrentActivityTaskExecutions: slotCount } : {};
    },
  });
  return {
    findPersons(persons) {
      found.persons = persons;
    },
    hold(activity, taskId) {
      const name = toGateName(activity, taskId);
      const gate: Gate = { reached: 0, open: false };
      gates.set(name, gate);
      const release = () => {
        gate.open = true;
        if (gates.get(name) === gate) gates.delete(name);
      };
      const fail = (error: Error) => {
        gate.error = error;
        release();
      };
      return { release, fail, reached: () => gate.reached, [Symbol.dispose]: release };
    },
    fail(activity, error) {
      failures.set(activity, error);
      return { release: () => failures.delete(activity) };
    },
    async [Symbol.asyncDispose]() {
      for (const gate of gates.values()) gate.open = true;
      await workers[Symbol.asyncDispose]();
    },
  };
}

function createActivities(
  deps: RecordDeps & EraseDeps & { signals: WorkflowSignals },
  found: { persons: Person[] },
) {
  const { store } = deps;
  const happy = happyActivities((key) => store.put(key, Buffer.from(`bytes of ${key}`)));
  /** Reads what the activity before has stored, so that a store that is away stops this one. */
  const afterReading =
    <Request, Result>(toKey: (request: Request) => string, run: (request: Request) => Promise<Result>) =>
    async (request: Request): Promise<Result> => {
      await store.read(toKey(request));
      return run(request);
    };
  return {
    ...happy,
    ...createEraseActivities(deps),
    ...createGateActivities(deps),
    ...createRecordActivities(deps),
    ...createWebhookActivities({
      outbound: createOutbound({ allowed: toNetworks(['127.0.0.2/32']) }),
      secrets: createWebhookSecrets({ store }),
      disabled: createDisabledWebhooks({ store }),
      publicUrl: PUBLIC_URL,
    }),

    // Nothing is stored at any provider.
    async deleteRemote() {},
    async testDetector() {
      return { score: 0.9, timings_ms: {} };
    },
    async testMatting() {
      return { score: 0.4, timings_ms: {} };
    },
    async prepareMedia(request: Parameters<typeof happy.prepareMedia>[0]) {
      // What was accepted must be there.
      await Promise.all([store.read(request.imageKey), store.read(request.audioKey)]);
      const prepared = await happy.prepareMedia(request);
      return { ...prepared, voice: { ...prepared.voice, durationS: VOICE_S } };
    },
    removeBackground: afterReading(({ photoKey }) => photoKey, happy.removeBackground),
    composePortrait: afterReading(({ cutoutKey }) => cutoutKey, happy.composePortrait),
    renderTalk: afterReading(({ portraitKey }) => portraitKey, happy.renderTalk),
    finishVideo: afterReading(({ videoKey }) => videoKey, happy.finishVideo),
    detectPersons: afterReading(
      ({ photoKey }) => photoKey,
      async (request: Parameters<typeof happy.detectPersons>[0]) => ({
        ...(await happy.detectPersons(request)),
        persons: found.persons,
      }),
    ),
  };
}
