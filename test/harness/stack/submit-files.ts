import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { JobInput } from '../../../src/contracts/schemas/job.ts';
import type { JobOptions } from '../../../src/contracts/schemas/job-options.ts';
import { uploadKey } from '../../../src/contracts/task-keys.ts';
import type { JobClient } from '../../../src/ports/job-client.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { JOB_OPTIONS } from '../job-options.ts';
import { providersOf } from '../providers.ts';

/** Stores the files and starts the job, as the API does. */
export async function submitFiles(
  { store, jobs }: { store: ObjectStore; jobs: Pick<JobClient, 'start'> },
  files: { photoPath: string; voicePath: string },
  options: Partial<JobOptions> = {},
): Promise<JobInput> {
  const taskId = randomUUID();
  const put = async (field: string, path: string) =>
    store.put(uploadKey(taskId, field, randomUUID().replaceAll('-', '')), await readFile(path));
  const allOptions = { ...JOB_OPTIONS, ...options };
  const input: JobInput = {
    taskId,
    image: await put('image', files.photoPath),
    audio: await put('audio', files.voicePath),
    options: allOptions,
    ...providersOf(allOptions),
    fingerprint: randomUUID(),
    submittedAt: new Date().toISOString(),
  };
  await jobs.start(input);
  return input;
}
