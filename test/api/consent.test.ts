import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { CONSENT_TEXTS } from '../../src/contracts/consent.ts';
import type { Info } from '../../src/contracts/schemas/operation.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { runHere } from '../harness/cli/run-here.ts';

describe('on a server that requires consent', async () => {
  const { api, worker } = await startTestPipeline({ defaults: { requiresConsent: true } });
  const key = await api.keys.create('studio', ['submit', 'read']);
  const headers = { Authorization: `Bearer ${key}` };
  const client = createLimelightClient({ baseUrl: api.url, apiKey: key });

  it('a submission without it is refused with what to declare, and leaves nothing', async () => {
    const { status, body } = await submit(api, { headers });

    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'INPUT_INVALID',
      detail: expect.stringContaining(`consent: expected en-1 or de-1 but received none`),
      details: { consent: expect.stringContaining(CONSENT_TEXTS['en-1']) },
    });
    expect((await api.files()).filter((path) => path.includes('/uploads/'))).toEqual([]);
  });

  it.each(['true', 'en-0', ''])('a declaration of “%s” is refused', async (consent) => {
    const { status, body } = await submit(api, { headers, fields: { consent } });

    expect(status).toBe(422);
    expect(body.detail).toContain('consent: expected en-1 or de-1 but received');
  });

  it('the declaration is in status and record: which text, when, and by which key', async () => {
    using held = worker.hold('prepareMedia');
    const { body, taskId } = await submit(api, { headers, fields: { consent: 'de-1' } });
    const consent = { text: 'de-1', given_at: body.submitted_at, given_by: 'studio' };

    expect(await client.status(taskId)).toMatchObject({ consent });
    held.release();
    await client.wait(taskId);
    expect(await client.status(taskId)).toMatchObject({ stage: 'COMPLETED', consent });
    expect(await api.records.read(taskId)).toMatchObject({ owner: 'studio', consent });
  });

  it('the command line declares it with --consent, and shows it', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'limelight-consent-'));
    const files = [join(folder.path, 'me.png'), join(folder.path, 'hello.wav')];
    await Promise.all([writeFile(files[0]!, PHOTO), writeFile(files[1]!, VOICE)]);
    const env = { API_URL: api.url, API_KEY: key };

    const refused = await runHere(['generate', ...files, '--detach'], env);
    expect(refused).toMatchObject({ code: 2, said: expect.stringContaining(CONSENT_TEXTS['en-1']) });
    const { printed } = await runHere(['generate', ...files, '--detach', '--consent'], env);
    const taskId = printed.trim();
    expect((await client.status(taskId)).consent).toMatchObject({ text: 'en-1', given_by: 'studio' });
    const status = await runHere(['status', taskId], env);
    expect(status.printed).toMatch(/consent +en-1, declared with key studio/);
  });

  it('the page and other clients learn that, and what to show', async () => {
    const info = (await (await fetch(`${api.url}/api/info`, { headers })).json()) as Info;

    expect(info.consent).toEqual({ required: true, texts: CONSENT_TEXTS });
  });
});

describe('on a server that does not require consent', async () => {
  const { api } = await startTestPipeline();

  it('it is recorded if it is declared', async () => {
    const [without, withIt] = await Promise.all([
      submit(api, { waitS: 30 }),
      submit(api, { waitS: 30, fields: { consent: 'en-1' } }),
    ]);

    expect((await api.records.read(without.taskId))?.consent).toBeUndefined();
    expect((await api.records.read(withIt.taskId))?.consent).toEqual({
      text: 'en-1',
      given_at: (await api.records.read(withIt.taskId))?.submitted_at,
    });
  });

  it('it cannot be added to a task by submitting that again', async () => {
    const taskId = randomUUID();
    await submit(api, { taskId });

    const { status, body } = await submit(api, { taskId, fields: { consent: 'en-1' } });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });
});

it('docs/http-api.md has each text that can be declared', () => {
  const document = readFileSync(join(import.meta.dirname, '../../docs/http-api.md'), 'utf8');
  for (const [id, text] of Object.entries(CONSENT_TEXTS)) {
    expect(document).toMatch(new RegExp(`^\\| \`${id}\` +\\| ${text.replaceAll('.', '\\.')}`, 'm'));
  }
});
