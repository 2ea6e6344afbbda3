import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { examine } from '../../src/cli/doctor/examine.ts';
import { GENERATE_VIDEO, toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { startTestApi } from '../harness/api/test-api.ts';
import { fileResources } from '../harness/file-resources.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { toJobInput } from '../harness/pipeline-harness.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

/** How long Temporal waits for the answer of a worker before it counts a second failure. */
const WORKFLOW_TASK_TIMEOUT = '1 second';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const api = resources.use(await startTestApi(server.client));

const job = toJobInput();
const workflowId = toWorkflowId(job.taskId);

const health = async () => (await fetch(`${api.url}/health`)).json();
const metrics = async () => (await fetch(`${api.url}/metrics`)).text();
const faultsOfDoctor = async () => {
  const findings = await examine(
    { ...process.env, ...server.env, MODELS_DIR: '' },
    AbortSignal.timeout(60_000),
  );
  return findings.filter(({ check, state }) => check === 'temporal' && state === 'fault');
};

it('a job whose code fails each time is named by /health, the metrics and doctor, until the code works', {
  timeout: 90_000,
}, async () => {
  expect(await health()).toEqual({ status: 'ok', temporal: 'ok', storage: 'ok', stuck: [] });
  const handle = await server.client.workflow.start(GENERATE_VIDEO, {
    workflowId,
    taskQueue: QUEUES.pipeline,
    args: [job],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
  });
  const broken = await startBroken();

  const cause = 'WorkflowTaskFailedCauseWorkflowWorkerUnhandledFailure';
  await expect.poll(health, { timeout: 60_000, interval: 500 }).toMatchObject({
    status: 'degraded',
    reason: expect.stringContaining(workflowId),
    stuck: [{ workflow_id: workflowId, type: GENERATE_VIDEO, task_id: job.taskId, cause }],
  });
  expect(await metrics()).toContain(
    `limelight_workflow_stuck{type="${GENERATE_VIDEO}",workflow_id="${workflowId}",task_id="${job.taskId}",cause="${cause}"} 1`,
  );
  expect(await faultsOfDoctor()).toEqual([
    expect.objectContaining({
      found: expect.stringContaining(workflowId),
      fix: expect.stringContaining('workflow show'),
    }),
  ]);

  await broken[Symbol.asyncDispose]();
  await using _workers = await startWorkers(server, happyActivities());
  expect(await handle.result()).toMatchObject({ success: true });
  await expect.poll(health, { timeout: 20_000, interval: 500 }).toMatchObject({ status: 'ok', stuck: [] });
  expect(await faultsOfDoctor()).toEqual([]);
});

/** A worker with a bug: the workflow throws an error that is no failure of the job. */
async function startBroken(): Promise<AsyncDisposable> {
  const worker = await Worker.create({
    connection: server.workerConnection,
    namespace: server.namespace,
    taskQueue: QUEUES.pipeline,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: new URL('./fixtures/broken-workflow.ts', import.meta.url).pathname,
    }),
  });
  const run = worker.run();
  return {
    async [Symbol.asyncDispose]() {
      worker.shutdown();
      await run;
    },
  };
}
