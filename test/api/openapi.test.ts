import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { JobOptions } from '../../src/contracts/schemas/job-options.ts';
import { describedApi } from '../harness/api/described-api.ts';

interface Operation {
  tags?: string[];
  summary?: string;
  parameters?: Array<{ name: string; in: string; required?: boolean }>;
  responses: Record<string, { description: string; content?: Record<string, { examples?: object }> }>;
}

/** Pages, and what they load: for people, not for programs. */
const UNDESCRIBED = /^\/(docs(\/|$)|assets\/|watch\/|$)/;

const app = createApp(describedApi());
let text: string;
let operations: Array<[name: string, operation: Operation]>;

beforeAll(async () => {
  text = await (await app.request('/openapi.json')).text();
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});

describe('GET /openapi.json', () => {
  it('describes every route, and only these', () => {
    const routes = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !UNDESCRIBED.test(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    const described = operations.map(([name]) => name);

    expect(described.length).toBeGreaterThan(15);
    expect([...new Set(described)].sort()).toEqual([...new Set(routes)].sort());
  });

  it('has a summary and a tag for each route', () => {
    const silent = operations.filter(([, { summary, tags }]) => !summary || tags?.length !== 1);
    expect(silent.map(([name]) => name)).toEqual([]);
  });

  it('describes each refusal as a problem document with an example of each code', () => {
    const refusals = operations.flatMap(([name, { responses }]) =>
      Object.entries(responses)
        .filter(([status]) => Number(status) >= 400)
        .map(([status, { content }]) => ({ name: `${name} ${status}`, content: content ?? {} })),
    );
    const bad = refusals.filter(({ name, content }) => {
      // A model that does not answer is told of in the health's own words.
      const isHealth = /\/health 503$/.test(name);
      return !isHealth && Object.keys(content['application/problem+json']?.examples ?? {}).length === 0;
    });

    expect(refusals.length).toBeGreaterThan(30);
    expect(bad.map(({ name }) => name)).toEqual([]);
  });

  it('has every parameter of a path', () => {
    const missing = operations.filter(([name, { parameters = [] }]) => {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      return !inPath.every((wanted) =>
        parameters.some(({ name, in: where }) => name === wanted && where === 'path'),
      );
    });
    expect(missing.map(([name]) => name)).toEqual([]);
  });

  it('has no dangling references, and names no other host', () => {
    const document = JSON.parse(text) as Record<string, unknown>;
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    const resolve = (path: string) =>
      path
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);

    expect(references.length).toBeGreaterThan(30);
    expect(references.filter((path) => resolve(path) === undefined)).toEqual([]);
    expect(text).not.toMatch(/https?:\/\//);
  });

  it('describes every job option as a form field, with the type and default of its schema', () => {
    const { properties } = JSON.parse(text).components.schemas.Submission;
    const undescribed = Object.keys(JobOptions.shape).filter((name) => !properties[name]?.description);

    expect(undescribed).toEqual([]);
    expect(properties.deadline_s).toMatchObject({ type: 'integer', maximum: 86_400, default: 3600 });
    expect(properties.persons).toMatchObject({ type: ['string', 'integer'], default: 'auto' });
    expect(properties.apply_smoothing).toMatchObject({ type: 'boolean', default: true });
    expect(properties.on_outage).toMatchObject({ enum: ['wait', 'local', 'fail'], default: 'wait' });
    expect(properties.provider.enum).toEqual(expect.arrayContaining(['auto', 'local', 'd-id']));
  });

  it('describes the form of a submission with its files', () => {
    expect(JSON.parse(text).components.schemas.Submission).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        image: { type: 'string', format: 'binary' },
        conf_threshold: { type: 'number', minimum: 0, maximum: 1 },
        apply_smoothing: { type: 'boolean', default: true },
        deadline_s: { type: 'integer', maximum: 86_400, default: 3600 },
      },
    });
  });
});

describe('GET /docs', () => {
  it('is a page that loads everything from this server', async () => {
    const answer = await app.request('/docs');
    const page = await answer.text();
    const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!);

    expect(loaded.filter((url) => !/^(\/docs\/|data:,)/.test(url))).toEqual([]);
    for (const url of loaded.filter((url) => url.startsWith('/'))) {
      expect([url, (await app.request(url)).status]).toEqual([url, 200]);
    }
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self';/);
  });
});
