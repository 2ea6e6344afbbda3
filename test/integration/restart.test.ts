import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLimelightClient, type ReceivedEvent } from '../../src/client/limelight-client.ts';
import { needs } from '../harness/needs.ts';
import { stackPorts } from '../harness/stack/stack-environment.ts';
import { startTestStack } from '../harness/stack/test-stack.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

needs('MODELS_DIR').describe('a restart of every process', () => {
  let root: string;
  let settings: Record<string, string>;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'limelight-restart-'));
    settings = { STORAGE_ROOT: root, ...(await stackPorts()) };
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('loses no running job, and nothing of a finished one', async () => {
    const taskId = randomUUID();
    const signal = AbortSignal.timeout(240_000);
    const photoPath = join(SAMPLES, 'portrait.jpg');
    const voicePath = join(SAMPLES, 'voice.wav');
    const before: ReceivedEvent[] = [];
    {
      await using stack = await startTestStack(settings);
      const client = createLimelightClient({ baseUrl: stack.apiUrl });
      await client.submit(
        { taskId, image: await openAsBlob(photoPath), audio: await openAsBlob(voicePath) },
        { signal },
      );
      for await (const event of client.events(taskId, { signal })) {
        before.push(event);
        if (event.data.stage === 'BACKGROUND_REMOVAL_RUNNING') break;
      }
    }

    const whole: ReceivedEvent[] = [];
    {
      await using stack = await startTestStack(settings);
      for await (const event of createLimelightClient({ baseUrl: stack.apiUrl }).events(taskId, { signal })) {
        if (event.event_type === 'stage_update') whole.push(event);
      }
    }
    expect(whole.slice(0, before.length)).toEqual(before);
    expect(whole.at(-1)?.data.stage).toBe('COMPLETED');

    await using stack = await startTestStack(settings);
    const files = `${stack.apiUrl}/api/pipeline/tasks/${taskId}`;
    const status = await (await fetch(`${stack.apiUrl}/api/pipeline/status/${taskId}`)).json();
    expect(status).toMatchObject({ stage: 'COMPLETED', result: { success: true } });
    const start4 = await fetch(`${files}/video`, { headers: { Range: 'bytes=4-7' } });
    expect(start4.status).toBe(206);
    expect(await start4.text()).toBe('ftyp');
    const replayed: ReceivedEvent[] = [];
    for await (const event of createLimelightClient({ baseUrl: stack.apiUrl }).events(taskId, { signal }))
      replayed.push(event);
    expect(replayed).toEqual(whole);
  }, 400_000);
});
