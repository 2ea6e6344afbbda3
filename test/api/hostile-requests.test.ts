import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api } = await startTestPipeline({ access: { rate: { perS: 1e6, burst: 1e6 } } });
let secret: string;
let taskId: string;

beforeAll(async () => {
  secret = await api.keys.create('acme', ['submit', 'read']);
  const headers = { Authorization: `Bearer ${secret}` };
  ({ taskId } = await submit(api, { headers, waitS: 30 }));
});

/** What a header may hold at all. */
const value = fc.oneof(
  fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    maxLength: 200,
  }),
  fc.constantFrom(
    'bytes=0-',
    'bytes=-0',
    'bytes=99999999999999999999-',
    'bytes=5-2',
    'bytes=0-1,3-4',
    '"x"',
    'W/"',
    '*',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'wait=99999999999999999999',
    'wait=-1',
    '1e9',
    '-1',
    '0',
    '9007199254740993',
    'Bearer',
    'Bearer x y',
    'Basic YTpi',
    '127.0.0.1, , ::::',
    'null',
  ),
);
const headers = fc.dictionary(
  fc.constantFrom(
    ...['Range', 'If-Range', 'If-None-Match', 'If-Modified-Since', 'Last-Event-ID', 'Prefer'],
    ...['Authorization', 'X-Forwarded-For', 'X-Request-Id', 'Origin', 'Content-Type', 'Accept-Encoding'],
    ...['Idempotency-Key', 'Content-Length', 'Sec-Fetch-Site', 'Access-Control-Request-Method'],
  ),
  value,
  { maxKeys: 6 },
);
const query = fc.dictionary(
  fc.constantFrom('since', 'expires', 'signature', 'cursor', 'limit', 'state', 'task_id', 'status'),
  fc.oneof(value, fc.string({ unit: 'binary', maxLength: 100 })),
  { maxKeys: 4 },
);
const path = fc.oneof(
  fc.constantFrom(
    'status/T',
    'progress/T/events',
    'tasks/T/video',
    'tasks/T/thumbnail',
    'tasks/T/links',
    'usage',
  ),
  fc
    .string({ unit: 'binary', maxLength: 60 })
    .map((text) => `tasks/${encodeURIComponent(text.replaceAll(/[\ud800-\udfff]/g, ''))}/video`),
  fc.constantFrom(
    '../webhooks/deliveries',
    'tasks/%00/video',
    'tasks/%ff/video',
    'status/..%2f..%2fx',
    'tasks/T/video/',
  ),
);

it('no header, query or path causes an unexpected error, and every refusal is a problem document', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'),
        path,
        headers,
        query,
      }),
      async ({ method, path, headers, query }) => {
        const url = `http://localhost/api/pipeline/${path.replace('T', taskId)}?${new URLSearchParams(query)}`;
        const abort = new AbortController();
        const request = new Request(url, {
          method,
          signal: abort.signal,
          headers: { Authorization: `Bearer ${secret}`, ...headers },
        });
        const answer = await api.app.request(request);
        seen.add(answer.status);

        expect(answer.status, `${method} ${url} ${JSON.stringify(headers)}`).toBeLessThan(500);
        if (answer.status >= 400 && method !== 'HEAD') {
          expect(answer.headers.get('content-type')).toBe('application/problem+json');
          expect(await answer.json()).toMatchObject({ status: answer.status, code: expect.any(String) });
        }
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
        await answer.body?.cancel().catch(() => undefined);
        abort.abort();
      },
    ),
    { seed: 20_261_125, numRuns: 500 },
  );
  expect([...seen]).toEqual(expect.arrayContaining([200, 401, 404, 405, 422]));
}, 60_000);
