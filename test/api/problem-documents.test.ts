import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/contracts/error-codes.ts';
import { PipelineError } from '../../src/errors.ts';
import { describedApi } from '../harness/api/described-api.ts';

const TASK = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const PATH = `/api/pipeline/status/${TASK}`;

function answerTo(error: Error): Promise<Response> {
  const deps = describedApi();
  const records = { ...deps.records, read: () => Promise.reject(error) };
  const jobs = { ...deps.jobs, describe: () => Promise.reject(error) };
  const names = { ...deps.names, read: async () => undefined };
  return Promise.resolve(createApp({ ...deps, jobs, records, names }).request(PATH));
}

describe('the body of every refusal is a problem document', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s', async (code) => {
    const answer = await answerTo(new PipelineError(code, 'Expected this but received that.'));
    const { status } = ERROR_CODES[code];

    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toMatchObject({
      type: `urn:limelight:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title: expect.any(String),
      status,
      detail: 'Expected this but received that.',
      instance: PATH,
      code,
      task_id: TASK,
    });
    expect(answer.headers.has('retry-after')).toBe([429, 503, 507].includes(status));
    expect(answer.headers.has('www-authenticate')).toBe(status === 401);
  });

  it('an unexpected error, without details', async () => {
    const answer = await answerTo(new Error('/srv/secret is not there'));

    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
  });
});
