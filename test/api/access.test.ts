import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { accessRule } from '../../src/api/access/access-rules.ts';
import { assertMayListen, createAnonymousAccess } from '../../src/api/access/anonymous-access.ts';
import { createApp } from '../../src/api/app.ts';
import type { Scope } from '../../src/contracts/api-key.ts';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestApi } from '../harness/api/test-api.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { server, api, worker } = await startTestPipeline();
let secrets: Record<'acme' | 'other' | 'reader' | 'submitter' | 'boss', string>;

beforeAll(async () => {
  const make = (name: string, ...scopes: Scope[]) => api.keys.create(name, scopes);
  secrets = {
    acme: await make('acme', 'submit', 'read'),
    other: await make('other', 'submit', 'read'),
    reader: await make('reader', 'read'),
    submitter: await make('submitter', 'submit'),
    boss: await make('boss', 'admin'),
  };
});

const bearer = (name: keyof typeof secrets) => ({ Authorization: `Bearer ${secrets[name]}` });
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${api.url}${path}`, { headers });

describe('a server with API keys', () => {
  it('challenges requests with a missing or wrong key', async () => {
    const none = await get('/api/gpu');
    const wrong = await get('/api/gpu', { Authorization: 'Bearer limelight_wrong' });
    const basic = await get('/api/gpu', { Authorization: 'Basic YTpi' });

    expect([none.status, wrong.status, basic.status]).toEqual([401, 401, 401]);
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="limelight"');
    expect(none.headers.get('content-type')).toBe('application/problem+json');
    expect(await none.json()).toMatchObject({ code: 'KEY_REQUIRED' });
    expect(await wrong.json()).toMatchObject({ code: 'KEY_INVALID' });
    expect(await basic.json()).toMatchObject({ code: 'KEY_INVALID' });
  });

  it('serves health checks and the API description without a key', async () => {
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/nowhere')).status).toBe(404);
  });

  it('serves the health that names tasks to operators only', async () => {
    expect((await get('/health')).status).toBe(401);
  });

  it('cannot be bypassed by another spelling of a path', async () => {
    const ways = [
      ...[
        '/api/gpu',
        '//api/gpu',
        '/api//gpu',
        '/api/gpu/',
        '/API/gpu',
        '/api/GPU',
        '/./api/gpu',
        '/x/../api/gpu',
      ],
      ...['/%61pi/gpu', '/api%2fgpu', '/api/%67pu', '/api/gpu%00', '/api/gpu;x=/health/live', '/api/gpu%3f'],
      ...[
        '/health/../api/gpu',
        '/health/live/../../api/gpu',
        '/health%2f..%2fapi/gpu',
        '\\api\\gpu',
        '/api\\gpu',
      ],
      ...[
        '/api/info/../gpu',
        '/api/gpu#/health/live',
        'http://localhost/api/gpu',
        'http://localhost/health/../api/gpu',
      ],
    ];
    const { port } = new URL(api.url);
    for (const path of ways) {
      const status = await new Promise<number>((resolve, reject) => {
        const request = http.get({ port, host: '127.0.0.1', path }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        request.on('error', reject);
      });
      expect([path, [400, 401, 404].includes(status)]).toEqual([path, true]);
    }
  });

  it('allows a key exactly what its scopes say', async () => {
    expect((await get('/api/gpu', bearer('reader'))).status).toBe(200);
    const submitted = await submit(api, { headers: bearer('reader'), waitS: 30 });
    expect(submitted).toMatchObject({ status: 403, body: { code: 'KEY_SCOPE_MISSING' } });
    expect((await get('/api/gpu', bearer('submitter'))).status).toBe(403);
    expect((await submit(api, { headers: bearer('submitter'), waitS: 30 })).status).toBe(200);
    expect((await get('/api/pipeline/usage', bearer('acme'))).status).toBe(403);
    expect((await get('/api/pipeline/usage', bearer('boss'))).status).toBe(200);
  });

  it('shows a task to its key and to admins, and responds 404 to others', async () => {
    const { body } = await submit(api, { headers: bearer('acme'), waitS: 30 });
    const paths = [
      `status/${body.task_id}`,
      `progress/${body.task_id}/events`,
      `tasks/${body.task_id}/video`,
    ];
    for (const path of paths) {
      expect((await get(`/api/pipeline/${path}`, bearer('acme'))).status).toBe(200);
      expect((await get(`/api/pipeline/${path}`, bearer('boss'))).status).toBe(200);
      const hidden = await get(`/api/pipeline/${path}`, bearer('other'));
      expect(hidden.status).toBe(404);
      const problem = await hidden.json();
      const absent = await get(`/api/pipeline/${path.replace(body.task_id, randomUUID())}`, bearer('other'));
      expect(problem).toMatchObject({ code: 'TASK_NOT_FOUND' });
      expect(await absent.json()).toMatchObject({ code: 'TASK_NOT_FOUND' });
    }
    const cancel = await fetch(`${api.url}/api/pipeline/tasks/${body.task_id}/cancel`, {
      method: 'POST',
      headers: bearer('other'),
    });
    expect(cancel.status).toBe(404);
  });

  it('also hides the task of a running job from others', async () => {
    using held = worker.hold('prepareMedia');
    const { body } = await submit(api, { headers: bearer('acme') });

    expect((await get(`/api/pipeline/status/${body.task_id}`, bearer('other'))).status).toBe(404);
    expect((await get(`/api/pipeline/status/${body.task_id}`, bearer('acme'))).status).toBe(200);
    held.release();
  });

  it('does not show a task to another key that waited for its id', async () => {
    const id = randomUUID();
    const spy = get(`/api/pipeline/progress/${id}/events?wait=3`, bearer('other'));
    const own = get(`/api/pipeline/progress/${id}/events?wait=30`, bearer('acme'));
    await submit(api, { taskId: id, headers: bearer('acme') });

    expect(await (await own).text()).toContain('"stage":"COMPLETED"');
    expect((await spy).status).toBe(404);
  });

  it('requires a key or a signed link to open a WebSocket', async () => {
    const { body } = await submit(api, { headers: bearer('acme'), waitS: 30 });
    const path = `/api/pipeline/progress/${body.task_id}`;
    const open = (url: string, headers: Record<string, string> = {}) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${api.url.replace('http', 'ws')}${url}`, { headers });
        socket.once('open', () => {
          socket.close();
          resolve(101);
        });
        socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
        socket.on('error', () => {});
      });
    const link = await fetch(`${api.url}/api/pipeline/tasks/${body.task_id}/links`, {
      method: 'POST',
      headers: { ...bearer('acme'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'events' }),
    });
    const { url } = (await link.json()) as { url: string };

    expect(await open(path)).toBe(401);
    expect(await open(path, bearer('other'))).toBe(404);
    expect(await open(path, bearer('acme'))).toBe(101);
    expect(await open(url.replace('/events?', '?'))).toBe(101);
  });

  it('names the owner of a task in Temporal and in the record', async () => {
    const { body } = await submit(api, { headers: bearer('acme'), waitS: 30 });

    const description = await server.client.workflow.getHandle(`video/${body.task_id}`).describe();
    expect(description.searchAttributes).toMatchObject({ LimelightKey: ['acme'] });
    expect((await api.records.read(body.task_id))?.owner).toBe('acme');
    await expect
      .poll(async () => (await server.client.workflow.count('LimelightKey="acme"')).count)
      .toBeGreaterThan(0);
  });

  it('treats the same Idempotency-Key of two API keys as two tasks', async () => {
    const submitAs = (name: keyof typeof secrets) =>
      submit(api, { headers: { ...bearer(name), 'Idempotency-Key': 'order-17' }, waitS: 30 });
    const [mine, theirs] = [await submitAs('acme'), await submitAs('other')];
    const again = await submitAs('acme');

    expect(mine.body.task_id).not.toBe(theirs.body.task_id);
    expect(again.body.task_id).toBe(mine.body.task_id);
  });

  it('refuses a submission with the task id of another key', async () => {
    const id = randomUUID();
    await submit(api, { taskId: id, headers: bearer('acme') });

    expect(await submit(api, { taskId: id, headers: bearer('other') })).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });
  });

  it('applies new, rotated and revoked keys without a restart', async () => {
    const first = await api.keys.create('short-lived', ['read']);
    const status = async (secret: string) =>
      (await get('/api/gpu', { Authorization: `Bearer ${secret}` })).status;
    expect(await status(first)).toBe(200);

    const second = await api.keys.rotate('short-lived', 60_000);
    expect([await status(first), await status(second)]).toEqual([200, 200]);
    const third = await api.keys.rotate('short-lived', 0);
    expect([await status(first), await status(second), await status(third)]).toEqual([401, 401, 200]);

    await api.keys.revoke('short-lived');
    expect(await status(third)).toBe(401);
    await expect(api.keys.create('short-lived', ['read'])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('has a rule for each of its routes', () => {
    const routes = api.app.routes.filter(({ method }) => method !== 'ALL');
    const having = (need: string) => {
      const found = routes.filter(
        ({ method, path }) => accessRule(method, path.replace(/:\w+/g, 'x')).need === need,
      );
      return new Set(found.map(({ method, path }) => `${method} ${path}`));
    };
    const forAdmins = [
      'GET /api/pipeline/usage',
      'GET /api/pipeline/storage/stats',
      'GET /api/pipeline/timeline',
      'GET /api/pipeline/retention',
      'GET /health',
    ];

    expect([...having('public')].filter((route) => route.includes(' /api/')).sort()).toEqual([
      'GET /api/info',
      'POST /api/webhooks/d-id/:secret',
    ]);
    const unnamed = [...having('admin')].filter((route) => !forAdmins.includes(route));
    expect(unnamed, 'Add a rule to access-rules.ts, or to forAdmins here if only admins may call it').toEqual(
      [],
    );
  });
});

describe('limits', () => {
  it('count the requests of a key, and say when to try again', async () => {
    await using limited = await startTestApi(server.client, { access: { rate: { perS: 0.5, burst: 3 } } });
    const secret = await limited.keys.create('busy', ['read']);
    const calm = await limited.keys.create('calm', ['read']);
    const ask = (one?: string) =>
      limited.app.request('/api/gpu', one ? { headers: { Authorization: `Bearer ${one}` } } : {});
    const answers = [];
    for (let index = 0; index < 4; index += 1) answers.push(await ask(secret));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"key";q=3;w=6');
    expect(answers[0]!.headers.get('ratelimit')).toBe('"key";r=2;t=2');
    expect(answers[3]!.headers.get('ratelimit')).toMatch(/^"key";r=0;t=[56]$/);
    expect(answers[3]!.headers.get('retry-after')).toMatch(/^[12]$/);
    expect(await answers[3]!.json()).toMatchObject({ code: 'RATE_EXCEEDED', status: 429 });
    expect((await ask(calm)).status).toBe(200);
  });

  it('count guesses of keys by client address', async () => {
    await using limited = await startTestApi(server.client, { access: { rate: { perS: 0.1, burst: 5 } } });
    await limited.keys.create('somebody', ['read']);
    const statuses = [];
    for (let index = 0; index < 8; index += 1) {
      const answer = await fetch(`${limited.url}/api/gpu`, {
        headers: { Authorization: `Bearer guess-${index}`, 'X-Forwarded-For': `203.0.113.${index}` },
      });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  });

  it('give their weight to their tasks, so that keys take turns', async () => {
    const secret = await api.keys.create('triple', ['submit'], { weight: 3 });

    const { body } = await submit(api, { headers: { Authorization: `Bearer ${secret}` } });

    const { task_id } = body as { task_id: string };
    const { priority } = await server.client.workflow.getHandle(toWorkflowId(task_id)).describe();
    expect(priority).toMatchObject({ priorityKey: 3, fairnessKey: 'triple', fairnessWeight: 3 });
  });

  it('cap the tasks and bytes that a key has in flight, as Temporal counts them', async () => {
    using held = worker.hold('prepareMedia');
    const secret = await api.keys.create('small', ['submit'], { jobs_in_flight: 2 });
    const tiny = await api.keys.create('tiny', ['submit'], { bytes_in_flight: 10_000 });
    const send = async (one: string) => {
      const { status, headers, body } = await submit(api, { headers: { Authorization: `Bearer ${one}` } });
      return [status, (body as { code?: string }).code, headers.get('retry-after')];
    };
    const atOnce = await Promise.all(Array.from({ length: 6 }, () => send(secret)));
    // Another process has counted nothing of this.
    await expect.poll(async () => (await api.jobs.inFlight('small')).size).toBe(2);

    expect(atOnce.filter(([status]) => status === 202).length).toBeLessThanOrEqual(2);
    expect(await send(secret)).toEqual([429, 'QUOTA_EXCEEDED', '30']);
    expect(await send(tiny)).toEqual([429, 'QUOTA_EXCEEDED', '30']);
    held.release();
    await expect.poll(async () => (await api.jobs.inFlight('small')).size, { timeout: 10_000 }).toBe(0);
    expect((await send(secret))[0]).toBe(202);
  });
});

describe('a server without API keys', () => {
  it('accepts requests from its own machine under its own name only', async () => {
    await using open = await startTestApi(server.client);
    const ask = async (headers: Record<string, string>) => {
      const answer = await open.app.request('/api/gpu', { headers });
      return answer.status;
    };
    expect(await ask({})).toBe(200);
    expect(await ask({ Host: '127.0.0.1:55433', Origin: 'http://127.0.0.1:55433' })).toBe(200);
    expect(await ask({ Host: 'rebound.example.org' })).toBe(403);
    expect(await ask({ Host: 'localhost', Origin: 'https://evil.example.org' })).toBe(403);
    expect(await ask({ Host: 'localhost', 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
    // Another program on this machine, at another port.
    expect(await ask({ Host: 'localhost', 'Sec-Fetch-Site': 'same-site' })).toBe(403);
    expect(await ask({ Host: 'localhost', 'Sec-Fetch-Site': 'same-origin' })).toBe(200);
    expect(await ask({ Host: 'localhost', 'Sec-Fetch-Site': 'none' })).toBe(200);
  });

  it('refuses to listen beyond its machine unless anonymous access is allowed', async () => {
    await using open = await startTestApi(server.client);
    const at = (allowsAnonymousAccess: boolean) => {
      const anonymousAccess = createAnonymousAccess({
        host: '0.0.0.0',
        allowsAnonymousAccess,
        corsOrigins: [],
      });
      const app = createApp({ ...open.deps, access: { ...open.deps.access, anonymousAccess } });
      return app.request('/api/gpu', { headers: { Host: 'limelight.example.org' } });
    };
    expect((await at(false)).status).toBe(401);
    expect((await at(true)).status).toBe(200);
    expect((await at(true)).headers.get('ratelimit-policy')).toContain('"address"');
  });

  it('may listen beyond its machine with a key, or with the explicit setting', async () => {
    await using open = await startTestApi(server.client);
    const { keyring } = open.deps.access;
    const listen = (host: string, allowsAnonymousAccess = false) =>
      assertMayListen(
        { keyring, anonymousAccess: createAnonymousAccess({ host, allowsAnonymousAccess, corsOrigins: [] }) },
        { host, allowsAnonymousAccess },
      );

    for (const host of ['0.0.0.0', '::', '192.168.1.2', 'limelight.example.org']) {
      await expect(listen(host), host).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await expect(listen(host, true), host).resolves.toBeUndefined();
    }
    for (const host of ['127.0.0.1', '127.3.2.1', '::1', 'localhost']) {
      await expect(listen(host), host).resolves.toBeUndefined();
    }
    await open.keys.create('somebody', ['read']);
    await expect(listen('0.0.0.0')).resolves.toBeUndefined();
  });

  it('stays closed when all keys are revoked', async () => {
    await using once = await startTestApi(server.client);
    await once.keys.create('gone', ['admin']);
    await once.keys.revoke('gone');

    expect((await once.app.request('/api/gpu')).status).toBe(401);
  });
});

describe('CORS', () => {
  it('allows pages of the listed origins only', async () => {
    const origin = 'https://studio.example.org';
    await using listed = await startTestApi(server.client, { access: { corsOrigins: [origin] } });
    const preflight = (from: string) =>
      listed.app.request('/api/pipeline/generate', {
        method: 'OPTIONS',
        headers: {
          Origin: from,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization',
        },
      });
    const allowed = await preflight(origin);
    const other = await preflight('https://studio.example.org.evil.example');
    const answer = await listed.app.request('/api/gpu', { headers: { Origin: origin } });

    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('Authorization');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });
});
