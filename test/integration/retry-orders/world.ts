import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, Context, heartbeat } from '@temporalio/activity';
import { withFailureBoundary } from '../../../src/activities/boundary.ts';
import { createEraseActivities } from '../../../src/activities/erase.ts';
import { createRecordActivities } from '../../../src/activities/records.ts';
import { createLimelightClient, isFailure } from '../../../src/client/limelight-client.ts';
import { toWorkflowId } from '../../../src/contracts/messages.ts';
import { QUEUES } from '../../../src/contracts/queues.ts';
import { toRetryWindowId } from '../../../src/contracts/retry.ts';
import type { TaskMetadata } from '../../../src/contracts/schemas/task-metadata.ts';
import { isTerminal } from '../../../src/contracts/stages.ts';
import { taskPrefix } from '../../../src/contracts/task-keys.ts';
import { PipelineError } from '../../../src/errors.ts';
import { createTaskExecutions } from '../../../src/temporal/task-executions.ts';
import { submit } from '../../harness/api/submit.ts';
import { startTestApi } from '../../harness/api/test-api.ts';
import { happyActivities } from '../../harness/happy-activities.ts';
import { allQueues } from '../../harness/providers.ts';
import { stop } from '../../harness/stop.ts';
import type { TestServer } from '../../harness/temporal-server.ts';
import { startWorkerProcess } from '../../harness/worker-process.ts';
import { startWorkers } from '../../harness/workers.ts';
import type { Answer, Op, toVisible } from './model.ts';

/** A whole window may pass without a request. */
const RETRY_WINDOW_S = 3_600;
const WORKFLOW_WORKERS = 2;
const POLL_INTERVAL_MS = 20;

type Visible = ReturnType<typeof toVisible>;

/** One task under the control of a test. */
export interface RetriedTask {
  readonly taskId: string;
  do(op: Op): Promise<Answer>;
  see(): Promise<Visible>;
  /** Erases the task and returns what should not be, in words. */
  finish(): Promise<string[]>;
}

export interface RetryWorld extends AsyncDisposable {
  submit(): Promise<RetriedTask>;
}

/** What a test has decided about a task. */
interface Control {
  holdAt: 'undo' | 'record' | undefined;
  /** How often the renderer was asked. */
  renders: number;
  /** Set while the renderer waits for the test. */
  render: PromiseWithResolvers<void> | undefined;
  /** Every record that was written. */
  written: TaskMetadata[];
}

/**
 * The real API, workflows, records and store. The renderer and the steps before it do what the test says. Workflows run in
 * processes of their own, which are killed.
 */
export async function openRetryWorld(server: TestServer): Promise<RetryWorld> {
  const resources = new AsyncDisposableStack();
  const api = resources.use(
    await startTestApi(server.client, { defaults: { retryWindowS: RETRY_WINDOW_S } }),
  );
  const client = createLimelightClient({ baseUrl: api.url });
  const { store, records } = api;
  const controls = new Map<string, Control>();
  const taskOf = () => activityInfo().workflowExecution!.workflowId.replace(/^[^/]+\//, '');
  const control = () => controls.get(taskOf())!;
  const whileHeldAt = async (what: Control['holdAt']) => {
    while (control().holdAt === what) {
      heartbeat();
      await Context.current().sleep(POLL_INTERVAL_MS);
    }
  };

  const happy = happyActivities((key) => store.put(key, Buffer.from(`bytes of ${key}`)));
  const real = createRecordActivities({ store, records });
  const write = (name: 'recordTask' | 'amendTask') => async (metadata: TaskMetadata) => {
    if (metadata.outcome?.success === false && name === 'recordTask') await whileHeldAt('record');
    await real[name](metadata);
    controls.get(metadata.task_id)?.written.push(metadata);
  };
  const activities = {
    ...happy,
    ...real,
    ...createEraseActivities({ store, records, executions: createTaskExecutions(server) }),
    recordTask: write('recordTask'),
    amendTask: write('amendTask'),
    async discard(what: Parameters<typeof real.discard>[0]) {
      // What a job undoes before it opens its window.
      if (what.prefixes?.some((prefix) => prefix.startsWith('temp/'))) await whileHeldAt('undo');
      await real.discard(what);
    },
    async prepareMedia(request: Parameters<typeof happy.prepareMedia>[0]) {
      // Nothing that a job needs may be deleted before.
      await Promise.all([store.read(request.imageKey), store.read(request.audioKey)]);
      return happy.prepareMedia(request);
    },
    async renderTalk(request: Parameters<typeof happy.renderTalk>[0]) {
      await Promise.all([store.read(request.portraitKey), store.read(request.voiceKey)]);
      const task = control();
      task.renders += 1;
      const decided = Promise.withResolvers<void>();
      task.render = decided;
      const timer = setInterval(heartbeat, POLL_INTERVAL_MS);
      try {
        await Promise.race([decided.promise, Context.current().cancelled]);
      } finally {
        clearInterval(timer);
        task.render = undefined;
      }
      return happy.renderTalk(request);
    },
  };
  resources.use(
    await startWorkers(server, withFailureBoundary(activities), {
      queues: allQueues().filter((queue) => queue !== QUEUES.pipeline),
    }),
  );
  const workers = await Promise.all(
    Array.from({ length: WORKFLOW_WORKERS }, () => startWorkflowWorker(server)),
  );
  resources.defer(async () => {
    await Promise.all(workers.map((worker) => stop(worker, 'SIGKILL')));
  });

  const statusOf = async (workflowId: string): Promise<string | undefined> => {
    try {
      return (await server.client.workflow.getHandle(workflowId).describe()).status.name;
    } catch {
      return undefined;
    }
  };

  return {
    async submit() {
      const { taskId } = await submit(api, { fields: { cache: 'no-store' } });
      const task: Control = { holdAt: undefined, renders: 0, render: undefined, written: [] };
      controls.set(taskId, task);

      const perform = async (op: Op): Promise<Answer> => {
        switch (op.name) {
          case 'fail':
            task.holdAt = op.holdAt;
            task.render?.reject(new PipelineError('MODEL_INVALID', 'The renderer is broken'));
            break;
          case 'succeed':
            task.render?.resolve();
            break;
          case 'release':
            task.holdAt = undefined;
            break;
          case 'retry': {
            const { message } = await untilAnswered(() =>
              client.retry(taskId, op.from === undefined ? {} : { from: op.from as 'provider' }),
            );
            return message.includes('as soon as') ? 'waiting' : 'running';
          }
          case 'cancel':
            await untilAnswered(() => client.cancel(taskId));
            break;
          case 'close':
            await server.client.workflow
              .getHandle(toRetryWindowId(taskId))
              .cancel()
              .catch(() => undefined);
            break;
          case 'erase': {
            const erased = untilAnswered(() => client.erase(taskId));
            task.holdAt = undefined;
            await erased;
            break;
          }
          case 'kill': {
            const [worker] = workers.splice(0, 1);
            await stop(worker!, 'SIGKILL');
            workers.push(await startWorkflowWorker(server));
          }
        }
        return 'done';
      };

      const see = async (): Promise<Visible> => {
        const [job, window, record] = await Promise.all([
          statusOf(toWorkflowId(taskId)),
          statusOf(toRetryWindowId(taskId)),
          records.read(taskId).catch(() => undefined),
        ]);
        const uploads = await Array.fromAsync(store.list(taskPrefix('uploads', taskId)));
        const isRendering = task.render !== undefined;
        return {
          job: toJobState(job, record),
          hasWindow: window === 'RUNNING',
          hasUploads: uploads.length > 0,
          isRendering,
          ...(isRendering && { attempt: task.renders }),
        };
      };

      const request = async (op: Op): Promise<Answer> => {
        try {
          return await perform(op);
        } catch (error) {
          if (op.name === 'retry' && isFailure(error, 'TASK_RUNNING', 'RETRY_IMPOSSIBLE', 'TASK_NOT_FOUND')) {
            // An erased task is unknown, and its files are gone.
            return error.code === 'TASK_RUNNING' ? 'TASK_RUNNING' : 'RETRY_IMPOSSIBLE';
          }
          if (isFailure(error, 'TASK_NOT_FOUND', 'TASK_ENDED')) {
            return 'done';
          }
          throw error;
        }
      };

      return {
        taskId,
        do: request,
        see,
        async finish() {
          const problems = findProblems(task.written);
          await request({ name: 'erase' });
          const files = (await api.files()).filter((path) => path.includes(taskId));
          if (files.length > 0) problems.push(`${files.join(', ')} stayed`);
          for (const workflowId of [toWorkflowId(taskId), toRetryWindowId(taskId)]) {
            if ((await statusOf(workflowId)) === 'RUNNING') problems.push(`${workflowId} still runs`);
          }
          return problems;
        },
      };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Temporal forgets an erased task only after a while. */
function toJobState(status: string | undefined, record: TaskMetadata | undefined): Visible['job'] {
  if (status === 'RUNNING') {
    return 'running';
  }
  return record ? (status!.toLowerCase() as Visible['job']) : 'erased';
}

/** Events are numbered without a gap, and only the last one of a record is an end. */
function findProblems(written: TaskMetadata[]): string[] {
  return written.flatMap(({ events, outcome }, index) => {
    const problems: string[] = [];
    if (events.some(({ seq }, at) => seq !== at + 1)) {
      problems.push(`record ${index} has the events ${events.map(({ seq }) => seq).join(' ')}`);
    }
    const ends = events.filter(({ data }) => isTerminal(data.stage));
    if (ends.length > (outcome ? 1 : 0) || (ends.length === 1 && ends[0] !== events.at(-1))) {
      problems.push(`record ${index} has the ends ${ends.map(({ data }) => data.stage).join(' ')}`);
    }
    return problems;
  });
}

/** 503 says to send the same request again. */
async function untilAnswered<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!isFailure(error, 'TEMPORAL_UNAVAILABLE', 'ERASE_UNDER_WAY')) throw error;
      await sleep(POLL_INTERVAL_MS);
    }
  }
}

function startWorkflowWorker({ address, namespace }: TestServer): Promise<ChildProcess> {
  return startWorkerProcess(new URL('workflow-worker.ts', import.meta.url), [address, namespace]);
}
