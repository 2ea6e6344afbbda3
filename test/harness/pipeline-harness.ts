import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { JobInput } from '../../src/contracts/schemas/job.ts';
import { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import { uploadKey } from '../../src/contracts/task-keys.ts';
import type { ProviderDescriptor } from '../../src/ports/provider.ts';
import { toJobMemo } from '../../src/temporal/temporal-jobs.ts';
import type { generateVideo } from '../../src/workflows/index.ts';
import { ACTIVITY_NAMES, type Activities, happyActivities, toStored } from './happy-activities.ts';
import { JOB_OPTIONS } from './job-options.ts';
import { providersOf } from './providers.ts';
import type { TestServer } from './temporal-server.ts';
import { startWorkers } from './workers.ts';

export interface PipelineRun {
  handle: WorkflowHandle<typeof generateVideo>;
  /** Names of the activities in the order they were called, `discard` with what it discards. */
  calls: string[];
  /** Every `metadata.json` that was written. */
  written: TaskMetadata[];
}

export interface Harness extends AsyncDisposable {
  /** Runs one job to its end with activities that answer at once, some of them replaced. */
  run(
    overrides: Partial<Activities>,
    options?: {
      job?: Partial<JobInput['options']>;
      retryWindowS?: number;
      deletesOriginals?: boolean;
      during?: (run: PipelineRun) => Promise<unknown>;
    },
  ): Promise<PipelineRun & { outcome: PromiseSettledResult<unknown> }>;
}

export function toJobInput(
  options: Partial<JobInput['options']> = {},
  providers?: readonly ProviderDescriptor[],
): JobInput {
  const taskId = randomUUID();
  const allOptions = { ...JOB_OPTIONS, ...options };
  return JobInput.parse({
    taskId,
    image: toStored(uploadKey(taskId, 'image', 'a'.repeat(64))),
    audio: toStored(uploadKey(taskId, 'audio', 'b'.repeat(64))),
    options: allOptions,
    ...providersOf(allOptions, providers),
    fingerprint: 'f'.repeat(64),
    submittedAt: new Date().toISOString(),
  });
}

/** The real workflow on a real server; only what the activities do is made up. */
export async function createHarness(
  server: TestServer,
  /** In place of what every worker of ours has, for a bench of the difference. */
  options: Pick<WorkerOptions, 'interceptors'> = {},
): Promise<Harness> {
  let current: {
    activities: Activities;
    calls: string[];
    written: TaskMetadata[];
  };
  const dispatch = Object.fromEntries(
    ACTIVITY_NAMES.map((name) => [
      name,
      async (argument: never) => {
        current.calls.push(name === 'discard' ? describeDiscard(argument) : name);
        const activity = current.activities[name] as (argument: never) => Promise<unknown>;
        return activity(argument);
      },
    ]),
  );
  const workers = await startWorkers(server, dispatch, { toOptions: () => options });

  return {
    async run(overrides, { job, retryWindowS, deletesOriginals = false, during } = {}) {
      const input = {
        ...toJobInput(job),
        ...(retryWindowS !== undefined && { retryWindowS }),
        ...(deletesOriginals && { deletesOriginals }),
      };
      current = { activities: { ...happyActivities(), ...overrides }, calls: [], written: [] };
      const { written } = current;
      for (const name of ['recordTask', 'amendTask'] as const) {
        const write = current.activities[name];
        current.activities[name] = async (metadata) => {
          written.push(TaskMetadata.parse(metadata));
          await write(metadata);
        };
      }
      const handle = await server.client.workflow.start<typeof generateVideo>('generateVideo', {
        workflowId: toWorkflowId(input.taskId),
        taskQueue: QUEUES.pipeline,
        args: [input],
        memo: { ...toJobMemo(input) },
      });
      const run = { handle, calls: current.calls, written };
      await during?.(run);
      const [outcome] = await Promise.allSettled([handle.result()]);
      return { ...run, outcome };
    },
    async [Symbol.asyncDispose]() {
      await workers[Symbol.asyncDispose]();
    },
  };
}

function describeDiscard(what: { keys?: string[]; prefixes?: string[] }): string {
  const names = [...(what.keys ?? []), ...(what.prefixes ?? [])].map((key) => key.split('/')[0]);
  return `discard ${[...new Set(names)].join(' ')}`;
}
