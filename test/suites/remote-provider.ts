import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { offerProvider } from '../../src/api/run-api.ts';
import { createLimelightClient, type LimelightClient } from '../../src/client/limelight-client.ts';
import { parseConfig } from '../../src/config/config.ts';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { toBreakerId } from '../../src/contracts/provider-gate.ts';
import type { ProviderHealth } from '../../src/contracts/schemas/health.ts';
import { PipelineError } from '../../src/errors.ts';
import type { ProviderDescriptor, RemoteProviderDescriptor } from '../../src/ports/provider.ts';
import { local } from '../../src/providers/local/descriptor.ts';
import { type PipelineWorker, startPipelineWorker } from '../harness/api/pipeline-worker.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestApi, type TestApi } from '../harness/api/test-api.ts';
import { stop } from '../harness/stop.ts';
import { startTestServer, type TestServer } from '../harness/temporal-server.ts';
import { startWorkerProcess } from '../harness/worker-process.ts';
import { writeSmallTalkFiles } from '../providers/local/talk-files.ts';
import type { RemoteWorkerOptions } from './remote-provider-worker.ts';

const VOICE_S = 1;
/** Shorter than the slow upload below. */
const CANCEL_TIMEOUT_MS = 500;
const POLL = { timeout: 25_000, interval: 50 };

export const SERVICE_CALLS = ['order', 'search', 'delete'] as const;
export type ServiceCall = (typeof SERVICE_CALLS)[number];
/** An outage, a key that is not accepted, or the connection is cut after the call was served. */
export type ServiceFault = 'out' | 'unauthorized' | 'lost';
export type ServiceFaults = Partial<Record<ServiceCall, ServiceFault>>;
export type ServiceDelays = Partial<Record<'order' | 'upload', number>>;
/** Far below the limits of real servers, which a few jobs would not reach. */
const LOW_LIMITS = {
  'limit.numPendingSignals.error': 5,
  'history.maximumSignalsPerExecution': 40,
  'limit.historyCount.suggestContinueAsNew': 100,
  'limit.historyCount.error': 2_000,
  'limit.historySize.error': 2_000_000,
};
const JOBS_IN_LINE = 8;

/** The service behind a provider, under the control of a test. It has one account. */
export interface RemoteService extends AsyncDisposable {
  /** Settings with which the provider reaches it. They allow one talk at a time. */
  env: Record<string, string>;
  /** The job of each paid talk. */
  paid(): string[];
  credits(): number;
  /** Ids of everything that is stored there. */
  leftovers(): string[];
  /** Whether every call fails as in an outage. */
  setOut(isOut: boolean): void;
  setTalkMs(ms: number): void;
  /** A new talk or upload exists at once, but the caller gets the answer after this time, in milliseconds. */
  setAnswerDelays(delays: ServiceDelays): void;
  /** How each call of these kinds fails from now on. */
  setFaults(faults: ServiceFaults): void;
}

export interface RemoteProviderCase {
  descriptor: RemoteProviderDescriptor;
  /** URL of the module that exports the descriptor, and its name there. */
  module: string;
  name: string;
  start: () => Promise<RemoteService>;
}

/**
 * What every remote provider promises as a part of Limelight: through the real API, workflow, breaker and worker. Only the
 * stages before and after the talk are replaced.
 */
export function remoteProviderSuite({ descriptor, module, name, start }: RemoteProviderCase): void {
  const provider = descriptor.name;

  describe(`jobs for ${descriptor.label}`, () => {
    const resources = new AsyncDisposableStack();
    let server: TestServer;
    let service: RemoteService;
    let api: TestApi;
    let stages: PipelineWorker;
    let client: LimelightClient;
    let options: RemoteWorkerOptions;
    let worker: ChildProcess;

    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'limelight-remote-provider-'));
      resources.defer(() => rm(folder, { recursive: true, force: true }));
      const { portrait, voice } = await writeSmallTalkFiles(folder, VOICE_S);
      service = resources.use(await start());
      server = resources.use(await startTestServer(LOW_LIMITS));
      const registry: ProviderDescriptor[] = [descriptor, local];
      const config = parseConfig(service.env, registry);
      const deps = { config, client: server.client, resources };
      const providers = await Promise.all(registry.map((one) => offerProvider(one, deps)));
      api = resources.use(await startTestApi(server.client, { providers, defaults: { retryWindowS: 60 } }));
      stages = resources.use(await startPipelineWorker(server, api, { cancelTimeoutMs: CANCEL_TIMEOUT_MS }));
      client = createLimelightClient({ baseUrl: api.url });
      const { root } = api;
      options = {
        temporal: { address: server.address, namespace: server.namespace },
        module,
        name,
        env: service.env,
        root,
        portrait,
        voice,
      };
      worker = await startWorker(options);
      resources.defer(() => stop(worker, 'SIGKILL'));
    });
    afterAll(() => resources.disposeAsync());
    afterEach(() => {
      service.setOut(false);
      service.setTalkMs(60);
      service.setAnswerDelays({});
      service.setFaults({});
    });

    /** `no-store`: no job takes the video of another. */
    const submitJob = async (fields: Record<string, string> = {}) =>
      (await submit(api, { fields: { provider, cache: 'no-store', ...fields } })).taskId;

    const paidFor = (taskId: string) => service.paid().filter((job) => job === taskId);
    const health = async () => {
      const answer = await fetch(`${api.url}/api/${provider}/health`);
      return { http: answer.status, ...((await answer.json()) as ProviderHealth) };
    };

    it('end in a video that is paid once, at the price of the descriptor', async () => {
      const before = service.credits();
      const taskId = await submitJob();

      const outcome = await client.wait(taskId);

      expect(outcome).toMatchObject({
        success: true,
        metadata: { provider: { name: provider, degraded: false } },
      });
      expect(paidFor(taskId)).toHaveLength(1);
      const [usage] = (await api.records.read(taskId))!.usage!;
      expect(usage).toMatchObject({
        provider,
        seconds: VOICE_S,
        credits: Math.ceil(VOICE_S / descriptor.secondsPerCredit),
      });
      expect(before - service.credits()).toBe(usage!.credits);
      expect(await health()).toMatchObject({ http: 200, status: 'ok' });
    });

    it('are the choice of `auto`, but not for what the provider cannot make', async () => {
      const taskId = await submitJob({ provider: 'auto' });
      const transparent = await submitJob({ provider: 'auto', background: 'transparent' });

      expect(await client.wait(taskId)).toMatchObject({ metadata: { provider: { name: provider } } });
      expect(await client.wait(transparent)).toMatchObject({
        metadata: {
          provider: { name: descriptor.capabilities.transparentBackground ? provider : 'local' },
        },
      });
    });

    it('wait while the provider is out, and go on by themselves', async () => {
      service.setOut(true);
      const taskId = await submitJob();
      const reported = `${descriptor.label} is not answering`;
      await expect.poll(async () => (await client.status(taskId)).message, POLL).toContain(reported);
      expect(await health()).toMatchObject({ http: 503, status: 'down' });

      service.setOut(false);

      expect(await client.wait(taskId)).toMatchObject({
        success: true,
        metadata: { provider: { name: provider } },
      });
      expect(paidFor(taskId)).toHaveLength(1);
    });

    const gate = async () => {
      const { talks_in_flight, jobs_waiting } = await health();
      return { talks_in_flight, jobs_waiting };
    };

    it('all get their place after an outage, on a server that allows few signals and short histories', async () => {
      service.setOut(true);
      const taskIds = await Promise.all(Array.from({ length: JOBS_IN_LINE }, () => submitJob()));
      const reported = `${descriptor.label} is not answering`;
      const messages = () =>
        Promise.all(taskIds.map(async (taskId) => (await client.status(taskId)).message));
      await expect
        .poll(async () => (await messages()).filter((message) => message.includes(reported)), POLL)
        .toHaveLength(JOBS_IN_LINE);
      service.setOut(false);

      const outcomes = await Promise.all(taskIds.map((taskId) => client.wait(taskId)));
      expect(outcomes.map(({ success }) => success)).toEqual(taskIds.map(() => true));
      expect(taskIds.map((taskId) => paidFor(taskId).length)).toEqual(taskIds.map(() => 1));
      await expect.poll(gate, POLL).toEqual({ talks_in_flight: 0, jobs_waiting: 0 });
      // No place was lost when the breaker handed its state to its next run.
      const runs = server.client.workflow.list({ query: `WorkflowId = '${toBreakerId(provider)}'` });
      await expect.poll(async () => (await Array.fromAsync(runs)).length, POLL).toBeGreaterThan(1);
    }, 60_000);

    it('do not wait for one whose workflow was terminated while it tried whether the provider is back', async () => {
      service.setOut(true);
      const taskIds = [await submitJob(), await submitJob()];
      await expect.poll(async () => (await health()).held_for, POLL).toBe('outage');
      service.setAnswerDelays({ order: 60_000 });
      service.setOut(false);
      const paid = () => taskIds.filter((taskId) => paidFor(taskId).length > 0);
      await expect.poll(paid, POLL).toHaveLength(1);
      service.setAnswerDelays({});
      const [probe] = paid();

      await server.client.workflow.getHandle(toWorkflowId(probe!)).terminate();

      const other = taskIds.find((taskId) => taskId !== probe)!;
      expect(await client.wait(other)).toMatchObject({ success: true });
      expect(paidFor(other)).toHaveLength(1);
    });

    it('go to the built-in renderer if they were submitted with on_outage=local', async () => {
      service.setOut(true);

      const outcome = await client.wait(await submitJob({ on_outage: 'local' }));

      expect(outcome).toMatchObject({
        success: true,
        metadata: { provider: { name: 'local', degraded: true } },
      });
    });

    it('are paid once although the worker is killed before it knows of the talk', async () => {
      service.setAnswerDelays({ order: 60_000 });
      const taskId = await submitJob();
      await expect.poll(() => paidFor(taskId), POLL).toHaveLength(1);

      await stop(worker, 'SIGKILL');
      service.setAnswerDelays({});
      worker = await startWorker(options);

      expect(await client.wait(taskId)).toMatchObject({
        success: true,
        metadata: { provider: { name: provider } },
      });
      expect(paidFor(taskId)).toHaveLength(1);
    }, 60_000);

    it('leave nothing at the provider when they are cancelled during the talk', async () => {
      const before = service.leftovers();
      service.setTalkMs(2_000);
      const taskId = await submitJob();
      await expect.poll(() => paidFor(taskId), POLL).toHaveLength(1);

      await client.cancel(taskId);

      expect(await client.wait(taskId)).toMatchObject({ error: { code: 'TASK_CANCELLED' } });
      await expect.poll(() => service.leftovers(), POLL).toEqual(before);
    });

    it('take up the paid talk when they are retried', async () => {
      const broken = stages.fail('finishVideo', new PipelineError('DEVICE_FAILED', 'The device is gone'));
      const taskId = await submitJob();
      expect(await client.wait(taskId)).toMatchObject({ error: { retry: { from: ['provider'] } } });
      broken.release();

      await client.retry(taskId);

      await expect.poll(async () => (await client.status(taskId)).stage, POLL).toBe('COMPLETED');
      expect(paidFor(taskId)).toHaveLength(1);
    });

    it('leave nothing at the provider although it deletes nothing between two attempts', async () => {
      const before = service.leftovers();
      // Unlike after an outage, there is certainly no talk, so that nothing there is kept for a retry.
      service.setFaults({ order: 'unauthorized', delete: 'out' });
      const taskId = await submitJob();
      expect(await client.wait(taskId)).toMatchObject({ error: { code: 'PROVIDER_UNAUTHORIZED' } });

      await client.retry(taskId);
      expect(await client.wait(taskId)).toMatchObject({ error: { code: 'PROVIDER_UNAUTHORIZED' } });
      expect(service.leftovers()).toHaveLength(before.length + 4);
      service.setFaults({});

      await expect.poll(() => service.leftovers(), POLL).toEqual(before);
    }, 60_000);

    it('leave no portrait at the provider while it does not let them search for a lost talk', async () => {
      const before = service.leftovers();
      service.setFaults({ order: 'lost', search: 'unauthorized' });
      const taskId = await submitJob({ on_outage: 'fail', retry_window_s: '0' });
      expect(await client.wait(taskId)).toMatchObject({ success: false });

      const added = () => service.leftovers().filter((id) => !before.includes(id));
      await expect.poll(added, POLL).toHaveLength(1);
      expect(paidFor(taskId)).toHaveLength(1);
      service.setFaults({});

      await expect.poll(added, POLL).toEqual([]);
    }, 60_000);

    it('are erased here while the provider is out, and there as soon as it is back', async () => {
      const before = service.leftovers();
      const taskId = await submitJob();
      await client.wait(taskId);
      const added = service.leftovers().filter((id) => !before.includes(id));
      service.setFaults({ delete: 'out' });

      const { pending } = await client.erase(taskId);
      const files = (await api.files()).filter((path) => path.includes(taskId));
      service.setFaults({});

      expect(pending.map(({ name }) => name.split(' ')[1]).sort()).toEqual(added.sort());
      expect(pending[0]).toMatchObject({ kind: 'provider', provider });
      expect(files).toEqual([]);
      await expect.poll(async () => (await client.erase(taskId)).pending, POLL).toEqual([]);
      const { erased } = await client.erase(taskId);
      expect(erased.filter(({ kind }) => kind === 'provider')).toHaveLength(3);
      expect(erased.map(({ name }) => name)).toContain(`videos/${taskId}/metadata.json`);
      expect(service.leftovers()).toEqual(before);
    }, 60_000);

    it('leave nothing at the provider when they are erased during an upload', async () => {
      const before = service.leftovers();
      service.setAnswerDelays({ upload: 4 * CANCEL_TIMEOUT_MS });
      const taskId = await submitJob();
      await expect.poll(() => service.leftovers().length, POLL).toBeGreaterThan(before.length);

      await client.erase(taskId);

      await expect.poll(() => service.leftovers(), POLL).toEqual(before);
    });

    it('leave nothing at the provider when they are erased although their job was terminated', async () => {
      const before = service.leftovers();
      service.setAnswerDelays({ order: 60_000 });
      const taskId = await submitJob();
      await expect.poll(() => paidFor(taskId), POLL).toHaveLength(1);
      await server.client.workflow.getHandle(toWorkflowId(taskId)).terminate();

      const { erased } = await client.erase(taskId);

      const there = erased.filter(({ kind }) => kind === 'provider').map(({ name }) => name.split(' ')[0]);
      expect(there.sort()).toEqual(['portrait', 'talk', 'voice']);
      expect(service.leftovers()).toEqual(before);
    });

    it('leave nothing at the provider when they are erased, and the receipt lists what was there', async () => {
      const before = service.leftovers();
      const taskId = await submitJob();
      await client.wait(taskId);
      const added = service.leftovers().filter((id) => !before.includes(id));

      const { erased } = await client.erase(taskId);

      const there = erased.filter(({ kind }) => kind === 'provider').map(({ name }) => name);
      expect(there.map((name) => name.split(' ')[0]).sort()).toEqual(['portrait', 'talk', 'voice']);
      expect(there.map((name) => name.split(' ')[1]).sort()).toEqual(added.sort());
      expect(service.leftovers()).toEqual(before);
    });
  });
}

function startWorker(options: RemoteWorkerOptions): Promise<ChildProcess> {
  return startWorkerProcess(new URL('remote-provider-worker.ts', import.meta.url), [JSON.stringify(options)]);
}
