import { PipelineError } from '../../errors.ts';
import type { JobClient } from '../../ports/job-client.ts';
import type { Caller } from './caller.ts';

export interface QuotaLimits {
  jobsInFlight: number;
  /** Total size of the uploads of jobs in flight. */
  bytesInFlight: number;
}

/** How much of the machine one key may use at a time. */
export interface Quota {
  /**
   * Reserves quota for one task until disposed; from then on Temporal counts the job itself. Callers without a key are
   * not counted. @throws PipelineError QUOTA_EXCEEDED
   */
  reserve(caller: Caller | undefined, task: { id: string; bytes: number }): Promise<Disposable>;
}

/** The sizes of the forms that are arriving for a task. */
type Arriving = Set<{ bytes: number }>;

const RETRY_AFTER_MS = 30_000;

/**
 * Temporal counts the jobs, so the quota holds across API processes and restarts; only uploads to this process are
 * counted here. Parallel requests for one task count as one task, but each takes its bytes.
 */
export function createQuota({
  jobs,
  limits,
}: {
  jobs: Pick<JobClient, 'inFlight'>;
  limits: QuotaLimits;
}): Quota {
  const arrivingOf = new Map<string, Map<string, Arriving>>();

  function arrive(owner: string, { id, bytes }: { id: string; bytes: number }): Disposable {
    const tasks = arrivingOf.get(owner) ?? new Map<string, Arriving>();
    arrivingOf.set(owner, tasks);
    const forms = tasks.get(id) ?? new Set();
    tasks.set(id, forms);
    const form = { bytes };
    forms.add(form);
    return {
      [Symbol.dispose]() {
        forms.delete(form);
        if (forms.size === 0) tasks.delete(id);
        if (tasks.size === 0) arrivingOf.delete(owner);
      },
    };
  }

  return {
    async reserve(caller, task) {
      if (!caller?.owner) {
        return { [Symbol.dispose]() {} };
      }
      const { owner, key } = caller;
      const maxJobs = key?.quota?.jobs_in_flight ?? limits.jobsInFlight;
      const maxBytes = key?.quota?.bytes_in_flight ?? limits.bytesInFlight;
      // Before anything is awaited, so that parallel requests see each other.
      const reservation = arrive(owner, task);
      try {
        const held = new Map(await jobs.inFlight(owner));
        const running = held.size;
        for (const [id, forms] of arrivingOf.get(owner) ?? []) {
          const bytes = [...forms].reduce((sum, form) => sum + form.bytes, 0);
          held.set(id, Math.max(held.get(id) ?? 0, bytes));
        }
        if (held.size > maxJobs) {
          throw exceeded(`${maxJobs} tasks in flight, but ${running} are`);
        }
        if ([...held.values()].reduce((sum, bytes) => sum + bytes, 0) > maxBytes) {
          throw exceeded(`${maxBytes / 1_000_000} MB of uploads in flight`);
        }
        return reservation;
      } catch (error) {
        reservation[Symbol.dispose]();
        throw error;
      }
    },
  };
}

function exceeded(expected: string): PipelineError {
  return new PipelineError(
    'QUOTA_EXCEEDED',
    `Expected at most ${expected} for this key. Try again when one of its tasks has ended.`,
    { retryAfterMs: RETRY_AFTER_MS },
  );
}
