import { globSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere } from '../harness/cli/run-here.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'limelight-keys-'));
});
afterAll(() => rm(root, { recursive: true }));

const keys = (...args: string[]) => runHere(['keys', ...args], { STORAGE_ROOT: root });

/** All that lies in the storage, as text. */
function stored(): string {
  return globSync('**/*', { cwd: root, exclude: () => false })
    .concat(globSync('**/.*', { cwd: root }))
    .map((path) => join(root, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

it('keys are created, shown once, rotated and revoked', async () => {
  const created = await keys('create', 'studio', '--max-jobs', '3');
  const secret = created.printed.trim();
  expect(created.code).toBe(0);
  expect(secret).toMatch(/^limelight_[\w-]{43}$/);
  expect(stored()).toContain('"name": "studio"');
  expect(stored()).toContain('"jobs_in_flight": 3');
  expect(stored()).not.toContain(secret);

  const again = await keys('create', 'studio');
  expect(again).toMatchObject({ code: 2, printed: '', said: expect.stringContaining('was used before') });

  const rotated = await keys('rotate', 'studio', '--overlap-hours', '1');
  expect(rotated.printed.trim()).not.toBe(secret);
  expect((await keys('list')).printed).toMatch(/studio +submit,read +\d{4}-\d\d-\d\d +active, 2 secrets/);

  await keys('revoke', 'studio');
  expect((await keys('list')).printed).toMatch(/studio .* revoked \d{4}-\d\d-\d\d/);
  expect(await keys('rotate', 'studio')).toMatchObject({
    code: 2,
    said: expect.stringContaining('is revoked'),
  });
});

it('an invalid name or scope is refused in one sentence', async () => {
  expect(await keys('create', '../../etc')).toMatchObject({
    code: 2,
    said: expect.stringContaining('Expected a name of at most 40 characters'),
  });
  expect(await keys('create', 'x', '--scopes', 'everything')).toMatchObject({
    code: 2,
    said: expect.stringContaining('Expected one or more of submit, read, priority, metrics, admin'),
  });
  expect(await keys('revoke', 'nobody')).toMatchObject({
    code: 2,
    said: expect.stringContaining('there is no key nobody'),
  });
});
