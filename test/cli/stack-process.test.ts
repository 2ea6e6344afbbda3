import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startStackProcess } from '../../src/cli/stack/stack-process.ts';
import type { PipelineError } from '../../src/errors.ts';

/** Restarts take up to 2 s more each time, and starts seconds on a busy machine. */
const SOON = { timeout: 30_000 };

async function start(fixture: string) {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-stack-process-'));
  const log = createWriteStream(join(folder, 'log'));
  const warnings: string[] = [];
  const refusals: PipelineError[] = [];
  const running = startStackProcess({
    name: 'io',
    script: new URL(`./fixtures/${fixture}.ts`, import.meta.url),
    environment: () => process.env,
    log,
    onWarning: (message) => warnings.push(message),
    onRefusal: (error) => refusals.push(error),
  });
  onTestFinished(async () => {
    await running.stop(0);
    log.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  return { running, warnings, refusals };
}

it('reports a process that dies four times at once as one that does not start', async () => {
  const { warnings, refusals } = await start('doomed');

  await vi.waitFor(() => expect(refusals).toHaveLength(1), SOON);

  expect(refusals[0]!.message).toMatch(/^The io process does not start: ended with exit code 3 \(/);
  expect(warnings).toEqual([0.25, 0.5, 1].map((s) => `io: ended with exit code 3; starting again in ${s} s`));
});

it('restarts a process that is killed from outside each time', async () => {
  const { running, warnings, refusals } = await start('obedient');
  for (let kills = 1; kills <= 4; kills += 1) {
    await vi.waitFor(() => expect(running.pid).toBeDefined(), SOON);
    process.kill(running.pid!, 'SIGKILL');
    await vi.waitFor(() => expect(warnings).toHaveLength(kills), SOON);
  }

  await vi.waitFor(() => expect(running.pid).toBeDefined(), SOON);
  expect(refusals).toEqual([]);
});
