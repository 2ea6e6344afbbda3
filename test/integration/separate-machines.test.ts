import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import type { JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import { taskUrls } from '../../src/contracts/schemas/task-urls.ts';
import { needs } from '../harness/needs.ts';
import { type S3Server, startS3Server } from '../harness/s3-server.ts';
import { startWorkerStack } from '../harness/stack/worker-stack.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

needs('Go', 'MODELS_DIR').it(
  'makes a video with API, io worker and GPU worker that share a bucket and no folder',
  async () => {
    await using s3 = await startS3Server();
    await using stack = await startWorkerStack(toEnvironment(s3));

    const { taskId } = await stack.submit(join(SAMPLES, 'portrait.jpg'), join(SAMPLES, 'voice.wav'));
    const handle = stack.server.client.workflow.getHandle(toWorkflowId(taskId));
    const result = (await handle.result()) as JobResult;

    const video = await fetch(`${stack.apiUrl}${taskUrls(taskId).video_url}`);
    expect(
      Buffer.from(await video.arrayBuffer())
        .subarray(4, 8)
        .toString(),
    ).toBe('ftyp');
    // Each fetched what it worked on, by its hash: the GPU worker the photo, but never the voice or the video.
    const { io, gpu } = stack.roots;
    const copies = { io: await copiesIn(io), gpu: await copiesIn(gpu) };
    const hashOf = async (key: string) => (await stack.store.stat(key))!.sha256;
    const photo = await hashOf(`processed/${taskId}/photo.png`);
    expect(copies.gpu).toContain(photo);
    expect(copies.io).toContain(photo);
    expect(copies.gpu).not.toContain(await hashOf(`processed/${taskId}/voice.wav`));
    expect(copies.gpu).not.toContain(result.metadata.video.sha256);
    expect(copies.io).toContain(await hashOf(`processed/${taskId}/mask.png`));
    for (const root of Object.values(stack.roots)) {
      expect((await readdir(root)).filter((name) => name !== 's3')).toEqual([]);
    }
  },
  300_000,
);

const copiesIn = (root: string) => readdir(join(root, 's3/copies'));

function toEnvironment({ settings }: S3Server): Record<string, string> {
  return {
    STORAGE_S3_BUCKET: settings.bucket,
    STORAGE_S3_ENDPOINT: settings.endpoint!,
    STORAGE_S3_ACCESS_KEY_ID: settings.credentials!.accessKeyId,
    STORAGE_S3_SECRET_ACCESS_KEY: settings.credentials!.secretAccessKey,
    STORAGE_S3_USE_PATHS: 'true',
  };
}
