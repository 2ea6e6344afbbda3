import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestApi } from '../harness/api/test-api.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const api = resources.use(await startTestApi(server.client));

async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

describe('every answer', () => {
  it('has a request id: the one of the client, or a new one', async () => {
    const own = await api.app.request('/health/live', { headers: { 'X-Request-Id': 'from-the-proxy' } });
    const fresh = await api.app.request('/nowhere');

    expect(own.headers.get('x-request-id')).toBe('from-the-proxy');
    expect(fresh.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('forbids browsers to sniff its type and to load anything for it', async () => {
    for (const path of ['/health/live', '/nowhere']) {
      const { headers } = await api.app.request(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    }
  });
});

describe('problem documents', () => {
  it('are returned for unknown paths', async () => {
    const answer = await api.app.request('/api/pipeline/nowhere?secret=1');

    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toEqual({
      type: 'urn:limelight:problem:route-not-found',
      title: 'Route not found',
      status: 404,
      detail: 'There is nothing at /api/pipeline/nowhere.',
      instance: '/api/pipeline/nowhere',
      code: 'ROUTE_NOT_FOUND',
    });
  });

  it('are returned for methods that a path does not have', async () => {
    const task = '/api/pipeline/tasks/6f9619ff-8b86-4011-b42d-00c04fc964ff';
    const wrong: Array<[string, string, string]> = [
      ['GET', '/api/pipeline/generate', 'POST'],
      ['DELETE', `${task}/video`, 'GET, HEAD'],
      ['GET', `${task}/cancel`, 'POST'],
      ['POST', task, 'PUT, DELETE'],
      ['POST', '/health/live', 'GET, HEAD'],
    ];
    for (const [method, path, allow] of wrong) {
      const answer = await api.app.request(path, { method });
      expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allow]);
      expect(await answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    }
  });

  it('are returned for bodies that are not forms', async () => {
    const json = await api.app.request('/api/pipeline/generate', {
      method: 'POST',
      body: '{"image":',
      headers: { 'Content-Type': 'application/json' },
    });
    const none = await api.app.request('/api/pipeline/generate', { method: 'POST' });
    const cut = await api.app.request('/api/pipeline/generate', {
      method: 'POST',
      body: '--x\r\nContent-Disposition: form-data; name="persons"\r\n\r\n1',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    });

    expect([json.status, none.status, cut.status]).toEqual([415, 415, 400]);
    expect(await json.json()).toMatchObject({ detail: expect.stringContaining('application/json') });
    expect(await cut.json()).toMatchObject({ code: 'UPLOAD_INCOMPLETE' });
  });

  it('are returned for invalid HTTP', async () => {
    for (const request of ['NONSENSE\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n']) {
      const answer = await raw(request);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
      expect(answer.toLowerCase()).toContain('x-request-id: ');
      expect(answer).toContain('"code":"REQUEST_MALFORMED"');
    }
  });

  it('say nothing about unexpected errors', async () => {
    const { read } = api.records;
    onTestFinished(() => {
      api.records.read = read;
    });
    api.records.read = () => Promise.reject(new Error('a secret of the server'));
    const answer = await api.app.request('/api/pipeline/status/6f9619ff-8b86-4011-b42d-00c04fc964ff');

    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({
      code: 'INTERNAL',
      task_id: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
    });
  });
});

describe('GET /health', () => {
  it('reports that the process runs and accepts submissions', async () => {
    expect(await (await api.app.request('/health/live')).json()).toEqual({ status: 'ok' });
    expect(await (await api.app.request('/health/ready')).json()).toMatchObject({ status: 'ok' });
  });
});
