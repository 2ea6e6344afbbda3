import { createHash } from 'node:crypto';
import { retentionOverrideKey } from '../../contracts/retention.ts';
import type { JobInput, StoredObject } from '../../contracts/schemas/job.ts';
import type { RetentionOverride } from '../../contracts/schemas/retention.ts';
import { uploadKey } from '../../contracts/task-keys.ts';
import { ignoreFailure, isFailure, PipelineError } from '../../errors.ts';
import type { JobClient } from '../../ports/job-client.ts';
import type { ObjectStore, ReceivedFile } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { type OfferedProvider, toJobProviders } from './choose-provider.ts';
import type { JobDefaults, JobForm } from './job-form.ts';

export interface SubmitDeps {
  store: ObjectStore;
  records: TaskRecords;
  jobs: JobClient;
  defaults: Pick<JobDefaults, 'retryWindowS' | 'deletesOriginals'>;
  providers: readonly OfferedProvider[];
}

const ERASE_RETRY_AFTER_MS = 10_000;

export interface ChosenId {
  id: string;
  /** Whether other requests may use the same id: the client chose it, or an idempotency key stands for it. */
  isShared: boolean;
}

export interface Submitted {
  taskId: string;
  /** ISO 8601. */
  submittedAt: string;
  /** Whether the job was submitted before with the same content. */
  replayed: boolean;
}

/** The earlier submission under the same task id. */
interface Existing {
  fingerprint: string;
  submittedAt: string;
  /** Keys of the objects that the job reads. They must stay. */
  uploads: string[];
}

/**
 * Stores the files, then starts the job; both are durable when this resolves. One task id is one job: a second submission
 * under it returns the first one, or rejects with IDEMPOTENCY_CONFLICT if its content differs.
 */
export async function submitJob(
  deps: SubmitDeps,
  { id: taskId, isShared }: ChosenId,
  form: JobForm,
  { owner, weight }: Pick<JobInput, 'owner' | 'weight'> = {},
): Promise<Submitted> {
  const { image, audio, backgroundImage, options, webhook, consent } = form;
  const toUpload = (name: string, { bytes, sha256 }: ReceivedFile): StoredObject => ({
    key: uploadKey(taskId, name, sha256),
    bytes,
    sha256,
  });
  const submittedAt = new Date().toISOString();
  const content = {
    image: toUpload('image', image),
    audio: toUpload('audio', audio),
    ...(backgroundImage && { backgroundImage: toUpload('background_image', backgroundImage) }),
    options,
    ...(owner !== undefined && { owner }),
    ...(webhook && { webhook }),
    ...(consent && {
      consent: { text: consent, given_at: submittedAt, ...(owner !== undefined && { given_by: owner }) },
    }),
  };
  const input: JobInput = {
    taskId,
    ...content,
    ...(weight !== undefined && { weight }),
    ...toJobProviders(deps.providers, options.provider),
    fingerprint: toFingerprint(content),
    submittedAt,
    ...(deps.defaults.retryWindowS && { retryWindowS: deps.defaults.retryWindowS }),
    ...(deps.defaults.deletesOriginals && { deletesOriginals: true }),
  };

  // An id that was generated for this request is unique.
  const existing = isShared ? await findExisting(deps, taskId) : undefined;
  if (existing) {
    return replay(input, existing);
  }
  if (isShared) {
    await assertNotBeingErased(deps.jobs, taskId);
  }
  try {
    // The key contains the hash, so a parallel request writes the same bytes.
    await deps.store.putMany([
      { key: content.image.key, body: image },
      { key: content.audio.key, body: audio },
      ...(content.backgroundImage && backgroundImage
        ? [{ key: content.backgroundImage.key, body: backgroundImage }]
        : []),
    ]);
    await storeRetention(deps.store, input);
    if ((await deps.jobs.start(input)).created) {
      return { taskId, submittedAt: input.submittedAt, replayed: false };
    }
  } catch (error) {
    // The same request may be in progress elsewhere with the same files.
    if (!isShared) {
      await ignoreFailure(
        discardOrphans(deps, input),
        'retention deletes what stays; the first error counts',
      );
    }
    throw error;
  }
  return replay(input, await discardOrphans(deps, input));
}

/** Stores the task's own retention time for the retention run, which reads the store and not the records. */
async function storeRetention(
  store: ObjectStore,
  { taskId, options: { retention_days } }: JobInput,
): Promise<void> {
  if (retention_days !== undefined) {
    const override: RetentionOverride = { days: retention_days };
    await store.put(retentionOverrideKey(taskId), Buffer.from(JSON.stringify(override)));
  }
}

function replay(input: JobInput, existing: Existing | undefined): Submitted {
  if (existing?.fingerprint !== input.fingerprint) {
    throw new PipelineError(
      'IDEMPOTENCY_CONFLICT',
      'This idempotency key or task id was used for a submission with different content. Use a new one, or send the same photo, voice and options.',
    );
  }
  return { taskId: input.taskId, submittedAt: existing.submittedAt, replayed: true };
}

async function findExisting({ jobs, records }: SubmitDeps, taskId: string): Promise<Existing | undefined> {
  try {
    return (await jobs.describe(taskId)).memo;
  } catch (error) {
    if (!isFailure(error, 'TASK_NOT_FOUND')) {
      throw error;
    }
  }
  // Temporal forgets ended jobs after its retention period; their record stays.
  const record = await records.read(taskId);
  return (
    record && {
      fingerprint: record.fingerprint,
      submittedAt: record.submitted_at,
      uploads: record.objects.map(({ key }) => key),
    }
  );
}

/** A running erasure would also delete the files and talks of a new task under its id. */
async function assertNotBeingErased(jobs: Pick<JobClient, 'describeErasure'>, taskId: string): Promise<void> {
  try {
    if (!(await jobs.describeErasure(taskId)).isRunning) {
      return;
    }
  } catch (error) {
    if (isFailure(error, 'TASK_NOT_FOUND')) {
      return;
    }
    throw error;
  }
  throw new PipelineError(
    'ERASE_UNDER_WAY',
    'A task with this idempotency key or id is still being erased, here or at its provider. Use a new one, or try again later.',
    { retryAfterMs: ERASE_RETRY_AFTER_MS },
  );
}

/**
 * Deletes the uploads that the job under this id does not read. Rejects and deletes nothing if Temporal does not answer:
 * it may have started the job although its answer was lost.
 *
 * A job that deletes its uploads once they are decoded does not read them any more: this request has stored them again.
 */
async function discardOrphans(deps: SubmitDeps, input: JobInput): Promise<Existing | undefined> {
  const existing = await findExisting(deps, input.taskId);
  const { image, audio, backgroundImage } = input;
  const read =
    existing && input.deletesOriginals && (await hasDecoded(deps, input.taskId)) ? [] : existing?.uploads;
  const orphans = [image, audio, ...(backgroundImage ? [backgroundImage] : [])].filter(
    ({ key }) => !read?.includes(key),
  );
  await Promise.all(orphans.map(({ key }) => deps.store.delete(key)));
  return existing;
}

/** Whether the job has read its uploads, or has a video without reading them. */
async function hasDecoded({ jobs }: SubmitDeps, taskId: string): Promise<boolean> {
  const { events } = await jobs.progress(taskId, 0);
  return events.some(({ data: { stage } }) => stage === 'UPLOAD_COMPLETE' || stage === 'DID_COMPLETE');
}

/** Equal for two submissions with the same content and the same parsed options. Hex. */
function toFingerprint(
  job: Pick<JobInput, 'image' | 'audio' | 'backgroundImage' | 'options' | 'owner' | 'webhook' | 'consent'>,
): string {
  // The same content under another name is the same task.
  const { name: _, ...options } = job.options;
  const facts = {
    image: job.image.sha256,
    audio: job.audio.sha256,
    backgroundImage: job.backgroundImage?.sha256 ?? null,
    ...(job.owner !== undefined && { owner: job.owner }),
    ...(job.webhook && { webhook: [job.webhook.url, job.webhook.events] }),
    ...(job.consent && { consent: job.consent.text }),
    ...options,
  };
  const canonical = JSON.stringify(Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(canonical).digest('hex');
}
