import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { OfferedProvider } from '../../src/api/submit/choose-provider.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { JobOptions } from '../../src/contracts/schemas/job-options.ts';
import type { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import { PipelineError } from '../../src/errors.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { PROVIDERS } from '../../src/providers/registry.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { fetchEvents } from '../../src/temporal/decode-payloads.ts';
import { jobForm } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestApi } from '../harness/api/test-api.ts';
import { fileResources } from '../harness/file-resources.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

const SECRET = 'an-unguessable-path-segment';
const TASK_ID = '0b3e2f64-63f5-4a3f-8f2c-0e6cf30d7a11';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const api = resources.use(await startTestApi(server.client));

type Remote = NonNullable<OfferedProvider['remote']>;

function appWith(changes: Partial<Remote>, logged: string[] = []) {
  const hints: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const remote: Remote = {
    account: { readCredits: async () => ({ remaining: 5, total: 20 }) },
    gate: { state: async () => undefined, hint: async (taskId) => void hints.push(taskId) },
    webhookSecret: SECRET,
  };
  const app = createApp({
    ...api.deps,
    providers: PROVIDERS.map((descriptor) => ({
      descriptor,
      isAvailable: descriptor.name !== 'lip-sync',
      ...(descriptor.kind === 'remote' && { remote: { ...remote, ...changes } }),
    })),
    logger: createLogger('test', { ...loadConfig({}).log, level: 'info', destination }),
  });
  return { app, hints };
}

const post = (body: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('POST /api/webhooks/d-id/{secret}', () => {
  it('makes the job of the talk check its status, and logs no secret', async () => {
    const logged: string[] = [];
    const { app, hints } = appWith({}, logged);

    const answer = await app.request(
      `/api/webhooks/d-id/${SECRET}`,
      post({ id: 'tlk_1', user_data: TASK_ID }),
    );

    expect(answer.status).toBe(204);
    expect(hints).toEqual([TASK_ID]);
    expect(logged.join('')).toContain('/api/webhooks/d-id/[redacted]');
    expect(logged.join('')).not.toContain(SECRET);
  });

  it.each([
    ['created', false],
    ['started', false],
    ['done', true],
    ['error', true],
    ['an unknown status', true],
  ])('notifies the job of a talk with status "%s": %s', async (status, isTold) => {
    const { app, hints } = appWith({});

    await app.request(`/api/webhooks/d-id/${SECRET}`, post({ id: 'tlk_1', user_data: TASK_ID, status }));

    expect(hints).toEqual(isTold ? [TASK_ID] : []);
  });

  it.each(['not JSON', {}, { user_data: '../../etc' }, { user_data: 7 }])('ignores %j', async (body) => {
    const { app, hints } = appWith({});

    expect((await app.request(`/api/webhooks/d-id/${SECRET}`, post(body))).status).toBe(204);
    expect(hints).toEqual([]);
  });

  it('responds 404 without the secret path', async () => {
    const { app, hints } = appWith({});

    const answer = await app.request('/api/webhooks/d-id/guessed', post({ user_data: TASK_ID }));

    expect(answer.status).toBe(404);
    expect(hints).toEqual([]);
  });
});

describe('GET /api/d-id/health', () => {
  const health = async (changes: Partial<Remote>) => {
    const answer = await appWith(changes).app.request('/api/d-id/health');
    return { http: answer.status, ...((await answer.json()) as object) };
  };

  it('is ok, with the credits left', async () => {
    expect(await health({})).toEqual({ http: 200, status: 'ok', credits: { remaining: 5, total: 20 } });
  });

  it('is degraded while jobs are held', async () => {
    const until = '2026-01-01T12:04:10.000Z';
    const state = async () => ({ hold: { reason: 'outage' as const, until }, talksInFlight: 1, waiting: 7 });

    expect(await health({ gate: { state, hint: async () => {} } })).toMatchObject({
      http: 200,
      status: 'degraded',
      held_for: 'outage',
      next_try_at: until,
      jobs_waiting: 7,
    });
  });

  it('is degraded without credits', async () => {
    const readCredits = async () => ({ remaining: 0, total: 20 });

    expect(await health({ account: { readCredits } })).toMatchObject({
      http: 200,
      status: 'degraded',
      reason: 'The account has no credits left',
    });
  });

  it('answers 503 if D-ID is down, or is not set up', async () => {
    const readCredits = async () => {
      throw new PipelineError('PROVIDER_UNAVAILABLE', 'D-ID does not answer');
    };

    expect(await health({ account: { readCredits } })).toMatchObject({
      http: 503,
      status: 'down',
      reason: 'D-ID does not answer',
    });
    const notSetUp = await api.app.request('/api/d-id/health');
    expect([notSetUp.status, await notSetUp.json()]).toEqual([
      503,
      { status: 'down', reason: expect.stringContaining('D_ID_API_KEY') },
    ]);
  });
});

it('refuses a task for a renderer that no worker has, and accepts it once a worker polls its queue', async () => {
  const { app } = appWith({});
  const submit = () =>
    app.request('/api/pipeline/generate', { method: 'POST', body: jobForm({ provider: 'lip-sync' }) });

  const refused = await submit();

  expect([refused.status, await refused.json()]).toEqual([
    503,
    expect.objectContaining({ code: 'MODEL_MISSING', detail: expect.stringContaining('provider=local') }),
  ]);
  expect(await Array.fromAsync(api.store.list('uploads/'))).toEqual([]);
  await using _worker = await startWorkers(server, happyActivities(), { queues: [QUEUES.lipSync] });
  await expect.poll(async () => (await submit()).status).toBe(202);
});

it('adds up the cost from the records of the tasks', async () => {
  const usage = { provider: 'd-id' as const, talk_id: 'tlk_1', seconds: 20, credits: 2 };
  await api.records.write({
    schema_version: 1,
    task_id: TASK_ID,
    fingerprint: 'f',
    submitted_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    options: JobOptions.parse({ conf_threshold: 0.5, provider: 'd-id' }),
    objects: [],
    events: [],
    usage: [usage, { ...usage, talk_id: 'tlk_0', refund_expected: true }],
  } satisfies TaskMetadata);

  expect(await (await api.app.request('/api/pipeline/usage')).json()).toEqual({
    totals: { talks: 2, seconds: 40, credits: 4, credits_to_return: 2 },
    unreadable: [],
    talks: [
      { task_id: TASK_ID, submitted_at: '2026-01-01T00:00:00.000Z', ...usage },
      {
        task_id: TASK_ID,
        submitted_at: '2026-01-01T00:00:00.000Z',
        ...usage,
        talk_id: 'tlk_0',
        refund_expected: true,
      },
    ],
  });
});

describe('the fields provider and on_outage', () => {
  it('are refused by name if they make no sense', async () => {
    const withoutKey = await submit(api.app, { fields: { provider: 'd-id' } });
    expect([withoutKey.status, withoutKey.body]).toEqual([
      422,
      expect.objectContaining({ detail: expect.stringContaining('D_ID_API_KEY') }),
    ]);
    const odd = await submit(api.app, { fields: { on_outage: 'panic' } });
    expect(odd.body.detail).toContain('on_outage: expected wait, local or fail');
  });

  it('become options of the job; auto is D-ID if there is a key', async () => {
    expect(await optionsOf({ on_outage: 'local' })).toMatchObject({ provider: 'd-id', on_outage: 'local' });
  });

  it('leave transparent backgrounds to the built-in renderer, because D-ID’s videos have no alpha', async () => {
    expect(await optionsOf({ background: 'transparent' })).toMatchObject({ provider: 'local' });

    const { app } = appWith({});
    const refused = await submit(app, { fields: { background: 'transparent', provider: 'd-id' } });
    expect([refused.status, refused.body]).toEqual([
      422,
      expect.objectContaining({ details: { background: expect.stringContaining('without alpha') } }),
    ]);
  });

  /** Of the job that is started where there is a key. */
  async function optionsOf(fields: Record<string, string>) {
    const { app } = appWith({});
    const { taskId } = await submit(app, { fields });
    const events = await fetchEvents(server.client, server.client.workflow.getHandle(`video/${taskId}`));
    const input = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    return JSON.parse(Buffer.from(input!).toString()).options;
  }
});
