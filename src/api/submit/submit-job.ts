import type { JobInput, StoredObject } from '../../contracts/job.ts';
import { type RetentionOverride, retentionOverrideKey } from '../../contracts/retention.ts';
import { uploadKey } from '../../contracts/task-keys.ts';
import { PipelineError } from '../../errors.ts';
import type { JobClient } from '../../ports/job-client.ts';
import type { ObjectStore, ReceivedFile } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { type OfferedProvider, toJobProviders } from './choose-provider.ts';
import { toFingerprint } from './fingerprint.ts';
import type { JobDefaults, JobForm } from './job-form.ts';

export interface SubmitDeps {
  store: ObjectStore;
  records: TaskRecords;
  jobs: JobClient;
  defaults: Pick<JobDefaults, 'retryWindowS'>;
  providers: readonly OfferedProvider[];
}

export interface ChosenId {
  id: string;
  /** Whether other requests may come with the same id: the client chose it, or its idempotency key. */
  isShared: boolean;
}

export interface Submitted {
  taskId: string;
  /** ISO 8601. */
  submittedAt: string;
  /** Whether the job had been submitted before, with the same content. */
  replayed: boolean;
}

/** What is known of the submission that a task id belongs to. */
interface Existing {
  fingerprint: string;
  submittedAt: string;
  /** Keys that are not to be deleted. */
  uploads: string[];
}

/**
 * Stores the files, then starts the job: when this resolves both are durable. One task id is one job: a second
 * submission under it is the first one again, or rejects with IDEMPOTENCY_CONFLICT where its content differs.
 */
export async function submitJob(
  deps: SubmitDeps,
  { id: taskId, isShared }: ChosenId,
  form: JobForm,
  owner?: string,
): Promise<Submitted> {
  const { image, audio, backgroundImage, options, webhook } = form;
  const toUpload = (name: string, { bytes, sha256 }: ReceivedFile): StoredObject => ({
    key: uploadKey(taskId, name, sha256),
    bytes,
    sha256,
  });
  const content = {
    image: toUpload('image', image),
    audio: toUpload('audio', audio),
    ...(backgroundImage && { backgroundImage: toUpload('background_image', backgroundImage) }),
    options,
    ...(owner !== undefined && { owner }),
    ...(webhook && { webhook }),
  };
  const input: JobInput = {
    taskId,
    ...content,
    ...toJobProviders(deps.providers, options.provider),
    fingerprint: toFingerprint(content),
    submittedAt: new Date().toISOString(),
    ...(deps.defaults.retryWindowS && { retryWindowS: deps.defaults.retryWindowS }),
  };

  // An id that was made up for this request is nobody else's.
  const existing = isShared ? await findExisting(deps, taskId) : undefined;
  if (existing) {
    return replay(input, existing);
  }
  try {
    // The key holds the hash, so that whoever else writes it writes the same bytes.
    await deps.store.putMany([
      { key: content.image.key, body: image },
      { key: content.audio.key, body: audio },
      ...(content.backgroundImage && backgroundImage
        ? [{ key: content.backgroundImage.key, body: backgroundImage }]
        : []),
    ]);
    await keepFor(deps.store, input);
    if ((await deps.jobs.start(input)).created) {
      return { taskId, submittedAt: input.submittedAt, replayed: false };
    }
  } catch (error) {
    // The same request may be under way elsewhere, with the same files.
    if (!isShared) {
      await discardOrphans(deps, input).catch(() => undefined);
    }
    throw error;
  }
  return replay(input, await discardOrphans(deps, input));
}

/** For the retention, which goes through the store and not through the records. */
async function keepFor(store: ObjectStore, { taskId, options: { retentionDays } }: JobInput): Promise<void> {
  if (retentionDays !== undefined) {
    const override: RetentionOverride = { days: retentionDays };
    await store.put(retentionOverrideKey(taskId), Buffer.from(JSON.stringify(override)));
  }
}

function replay(input: JobInput, existing: Existing | undefined): Submitted {
  if (existing?.fingerprint !== input.fingerprint) {
    throw new PipelineError(
      'IDEMPOTENCY_CONFLICT',
      'This idempotency key or task id was used for a submission with other content. Use a new one, or send the same photo, voice and options.',
    );
  }
  return { taskId: input.taskId, submittedAt: existing.submittedAt, replayed: true };
}

async function findExisting({ jobs, records }: SubmitDeps, taskId: string): Promise<Existing | undefined> {
  try {
    return (await jobs.describe(taskId)).memo;
  } catch (error) {
    if (!(error instanceof PipelineError && error.code === 'TASK_NOT_FOUND')) {
      throw error;
    }
  }
  // Temporal forgets ended jobs after its retention; their record does not.
  const record = await records.read(taskId);
  return (
    record && {
      fingerprint: record.fingerprint,
      submittedAt: record.submitted_at,
      uploads: record.objects.map(({ key }) => key),
    }
  );
}

/**
 * Deletes those of the uploads that the job under this id does not read. Rejects, and deletes nothing, where Temporal
 * cannot say which that is: it may have started the job although its answer was lost.
 */
async function discardOrphans(deps: SubmitDeps, input: JobInput): Promise<Existing | undefined> {
  const existing = await findExisting(deps, input.taskId);
  const { image, audio, backgroundImage } = input;
  const orphans = [image, audio, ...(backgroundImage ? [backgroundImage] : [])].filter(
    ({ key }) => !existing?.uploads.includes(key),
  );
  await Promise.all(orphans.map(({ key }) => deps.store.delete(key)));
  return existing;
}
