import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimelightClient, type LimelightClient } from '../../src/client/limelight-client.ts';
import type { JobOutcome } from '../../src/contracts/schemas/job-outcome.ts';
import { isFailure } from '../../src/errors.ts';
import type { ReaderLog, TaskLog } from './evidence.ts';
import { mediaOf } from './media.ts';
import type { PlannedJob } from './plan.ts';
import { readTask } from './task-reader.ts';

/** Clients repeat a call this often, so that they outlast every outage of a run. */
const TRIES = 5_000;
const RETRY_DELAY_MS = 300;
const DOWNLOAD_TRIES = 60;
/** A retry that is asked for this shortly before its window closes may come too late. */
const WINDOW_MARGIN_MS = 5_000;

export interface ClientOptions {
  apiUrls: string[];
  apiKey: string;
  /** Where a task's webhooks go. @param isDown whether the receiver refuses the first one */
  webhookUrl(taskId: string, isDown: boolean): string;
  /** After this time without its end a job counts as stuck. */
  jobTimeoutMs: number;
  /** Called with the status of each submission that is refused for now. Its client tries again. */
  onRefusal?(status: number): void;
}

export interface ClientLog {
  task: TaskLog;
  readers: ReaderLog[];
}

/** Submits one job and does with it what is planned, as its client and its readers would. */
export async function runJob(job: PlannedJob, options: ClientOptions): Promise<ClientLog> {
  const taskId = randomUUID();
  const task: TaskLog = {
    taskId,
    job,
    isAccepted: false,
    retriesAsked: 0,
    isErased: false,
    outcomes: [],
    complaints: [],
  };
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(new Error('no end')), options.jobTimeoutMs);
  const ends = new Ends();
  const reading = Promise.all(
    job.readers.map(async (reader) => {
      // An event stream of several tasks does not wait for a task that is not submitted yet.
      if (reader.kind === 'merged') await ends.submitted;
      return readTask({
        ...options,
        taskId,
        reader,
        goesOn: (seq) => ends.goesOn(seq),
        // If it was refused for good, its readers do not wait for it.
        isSubmitted: () => task.isAccepted || ends.isClosed,
        signal: giveUp.signal,
      });
    }),
  );
  try {
    await new JobClient(task, options, ends, giveUp).run();
  } catch (error) {
    const why = giveUp.signal.aborted ? `no end within ${options.jobTimeoutMs / 1000} s` : String(error);
    if (!task.isErased) task.complaints.push(why);
  }
  // Readers who wait for a decision get it now, and those who have not seen the end get some time for it.
  ends.close();
  if (task.isErased) giveUp.abort();
  const readers = await reading;
  clearTimeout(timer);
  return { task, readers };
}

/** What comes after each end of a task, so that its readers know whether to go on. */
class Ends {
  readonly #afterSeq = new Map<number, PromiseWithResolvers<boolean>>();
  readonly #submitted = Promise.withResolvers<void>();
  #isClosed = false;

  /** The client is done with the task. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get submitted(): Promise<void> {
    return this.#submitted.promise;
  }

  submit(): void {
    this.#submitted.resolve();
  }

  goesOn(seq: number): Promise<boolean> {
    return this.#at(seq).promise;
  }

  decide(seq: number, goesOn: boolean): void {
    this.#at(seq).resolve(goesOn);
  }

  close(): void {
    this.#isClosed = true;
    this.submit();
    for (const decision of this.#afterSeq.values()) decision.resolve(false);
  }

  #at(seq: number): PromiseWithResolvers<boolean> {
    const decision = this.#afterSeq.get(seq) ?? Promise.withResolvers<boolean>();
    this.#afterSeq.set(seq, decision);
    if (this.#isClosed) decision.resolve(false);
    return decision;
  }
}

class JobClient {
  readonly #task: TaskLog;
  readonly #options: ClientOptions;
  readonly #ends: Ends;
  readonly #giveUp: AbortController;
  readonly #client: LimelightClient;

  constructor(task: TaskLog, options: ClientOptions, ends: Ends, giveUp: AbortController) {
    this.#task = task;
    this.#options = options;
    this.#ends = ends;
    this.#giveUp = giveUp;
    this.#client = this.#clientOf(task.job.index);
  }

  #clientOf(number: number): LimelightClient {
    const { apiUrls, apiKey, onRefusal } = this.#options;
    return createLimelightClient({
      baseUrl: apiUrls[number % apiUrls.length]!,
      apiKey,
      retryDelayMs: RETRY_DELAY_MS,
      tries: TRIES,
      async fetch(input, init) {
        const answer = await fetch(input, init);
        if (init?.method === 'PUT' && !answer.ok) onRefusal?.(answer.status);
        return answer;
      },
    });
  }

  async run(): Promise<void> {
    const { job } = this.#task;
    await this.#submit();
    this.#ends.submit();
    const acting = job.action && this.#act(job.action);
    try {
      await this.#follow();
    } catch (error) {
      // The events of an erased task end, and its receipt may still be due.
      if (!this.#task.isErased) throw error;
    }
    await acting;
    await this.#lookAtVideo();
    if (job.isErasedAtEnd) await this.#erase();
  }

  /** To the end of the last attempt. */
  async #follow(): Promise<void> {
    let since = 0;
    for (;;) {
      const outcome = await this.#client.wait(this.#task.taskId, {
        since,
        signal: this.#giveUp.signal,
        onEvent(event) {
          if (event.event_type === 'stage_update') since = event.seq;
        },
      });
      this.#task.outcomes.push(outcome);
      const isRetried = await this.#retry(outcome);
      this.#ends.decide(since, isRetried);
      if (!isRetried) break;
    }
  }

  async #submit(): Promise<void> {
    const { taskId, job } = this.#task;
    const { webhookUrl } = this.#options;
    const media = await mediaOf(job);
    const fields = {
      provider: job.provider,
      conf_threshold: 0.3,
      background: job.content.background,
      cache: job.cache,
      on_outage: job.onOutage,
      priority: job.priority,
      ...(job.retryWindowS !== undefined && { retry_window_s: job.retryWindowS }),
      ...(job.deadlineS !== undefined && { deadline_s: job.deadlineS }),
      ...(job.webhook && {
        webhook_url: webhookUrl(taskId, job.isReceiverDown),
        webhook_events: job.webhook,
      }),
    };
    // The second one goes to another API, if there is one.
    const clients = job.isSentTwice ? [this.#client, this.#clientOf(job.index + 1)] : [this.#client];
    const { signal } = this.#giveUp;
    await Promise.all(clients.map((client) => client.submit({ taskId, ...media, fields }, { signal })));
    this.#task.isAccepted = true;
  }

  async #act({ kind, afterMs }: NonNullable<PlannedJob['action']>): Promise<void> {
    const { signal } = this.#giveUp;
    await sleep(afterMs, undefined, { signal }).catch(() => undefined);
    if (kind === 'erase') {
      await this.#erase();
      return;
    }
    try {
      const { stage } = await this.#client.cancel(this.#task.taskId, { signal });
      this.#task.cancelledAtStage = stage;
    } catch (error) {
      // The video was already finished.
      if (!isFailure(error, 'TASK_ENDED')) this.#task.complaints.push(`cancel: ${error}`);
    }
  }

  async #erase(): Promise<void> {
    const { taskId } = this.#task;
    if (this.#task.isErased) return;
    this.#task.isErased = true;
    try {
      const receipt = await this.#client.erase(taskId, { signal: this.#giveUp.signal });
      if (receipt.task_id !== taskId) this.#task.complaints.push('the receipt is for another task');
    } catch (error) {
      if (this.#giveUp.signal.aborted) this.#task.hasLeft = true;
      else this.#task.complaints.push(`erase: ${error}`);
    }
    this.#giveUp.abort();
  }

  /** @returns whether the task goes on */
  async #retry(outcome: JobOutcome): Promise<boolean> {
    const { taskId, job, retriesAsked } = this.#task;
    const offer = outcome.success ? undefined : outcome.error.retry;
    if (!offer || retriesAsked >= job.retries || this.#task.isErased) return false;
    const { signal } = this.#giveUp;
    this.#task.retriesAsked += 1;
    try {
      await this.#client.retry(taskId, { signal });
      return true;
    } catch (error) {
      // A cancellation takes a retry back.
      const isTakenBack = this.#task.isErased || job.action?.kind === 'cancel';
      if (!isTakenBack && !signal.aborted && Date.parse(offer.until) - Date.now() > WINDOW_MARGIN_MS) {
        this.#task.complaints.push(`a retry until ${offer.until} was refused: ${error}`);
      }
      return false;
    }
  }

  async #lookAtVideo(): Promise<void> {
    const { taskId, outcomes, complaints } = this.#task;
    const outcome = outcomes.at(-1);
    if (!outcome?.success || this.#task.isErased) return;
    const { sha256 } = outcome.metadata.video;
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await this.#client.download(taskId, { signal: this.#giveUp.signal });
        const bytes = Buffer.from(await answer.arrayBuffer());
        if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
          complaints.push(`the video has ${bytes.length} other bytes than its task says`);
        }
        return;
      } catch (error) {
        if (this.#task.isErased) return;
        if (tries === DOWNLOAD_TRIES || this.#giveUp.signal.aborted) {
          complaints.push(`download: ${error}`);
          return;
        }
        await sleep(RETRY_DELAY_MS * 3);
      }
    }
  }
}
