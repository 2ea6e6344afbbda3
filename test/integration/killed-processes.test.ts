import { randomUUID } from 'node:crypto';
import { openAsBlob, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { processesBelow } from '../harness/stack/processes-below.ts';
import { startTestStack, type TestStack } from '../harness/stack/test-stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const SETUP_PAGE = readFileSync(join(ROOT, 'docs/setup.md'), 'utf8');
/** As docs/setup.md has them, `pkill -9 -f`; the stage that is under way then. */
const KILLS = [
  ['supervised-process.*gpu-main', 'BACKGROUND_REMOVAL_RUNNING'],
  ['supervised-process.*io-main', 'DID_PROCESSING'],
  ['supervised-process.*api/main', 'DID_PROCESSING'],
  ['temporal.* server start-dev', 'DID_PROCESSING'],
] as const;
/** From the kill to the video; about 10 s on an idle machine. A restart that hangs takes minutes. */
const RECOVERY_MS = 60_000;

it('docs/setup.md names the processes as they are', () => {
  for (const [pattern] of KILLS) {
    expect(SETUP_PAGE).toContain(pattern.replace('supervised-process.*', ''));
  }
});

describe('a process that is killed with SIGKILL in the middle of a job', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack({ MODELS_DIR: undefined });
  }, 200_000);
  afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

  it.each(KILLS)(
    '%s: is back soon, and the job ends in its video',
    async (pattern, stage) => {
      const client = createLimelightClient({ baseUrl: stack.apiUrl });
      const taskId = randomUUID();
      await client.submit({
        taskId,
        image: await openAsBlob(join(ROOT, 'samples/portrait.jpg')),
        audio: await openAsBlob(join(ROOT, 'samples/voice.wav')),
        fields: { cache: 'no-store' },
      });
      for await (const { data } of client.events(taskId)) {
        if (data.stage === stage) break;
      }

      const running = async () =>
        (await processesBelow(process.pid)).filter(({ args }) => new RegExp(pattern).test(args));
      const killed = await running();
      expect(killed).toHaveLength(1);
      process.kill(killed[0]!.pid, 'SIGKILL');

      const outcome = await client.wait(taskId, { signal: AbortSignal.timeout(RECOVERY_MS) });
      expect(outcome.success).toBe(true);
      await expect.poll(running).toHaveLength(1);
    },
    120_000,
  );
});
