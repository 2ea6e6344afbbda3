import { PipelineError } from '../../errors.ts';
import type { OpenObject } from '../../ports/object-store.ts';

/** How much one client may keep open at this process, by kind. */
export interface ConcurrencyLimits {
  /** Forms that are being received. */
  uploads: number;
  /** Event streams, WebSockets and downloads. A client that reads nothing keeps them open. */
  streams: number;
  /** Requests that wait for a task to be submitted or to end. */
  waiters: number;
}

export interface Concurrency {
  /**
   * Counts one more of this kind for the client until disposed (idempotent).
   * @param client as the guard names it. `undefined` is not counted.
   * @throws PipelineError QUOTA_EXCEEDED
   */
  enter(kind: keyof ConcurrencyLimits, client: string | undefined): Disposable;
}

const WORDS: Record<keyof ConcurrencyLimits, string> = {
  uploads: 'uploads at once',
  streams: 'open streams and downloads',
  waiters: 'waiting requests',
};
const RETRY_AFTER_MS = 2_000;

/** Each process counts on its own, as for the rate of requests. */
export function createConcurrency(limits: ConcurrencyLimits): Concurrency {
  const counts = new Map<string, number>();
  return {
    enter(kind, client) {
      if (client === undefined) {
        return { [Symbol.dispose]() {} };
      }
      const name = `${kind} ${client}`;
      const count = counts.get(name) ?? 0;
      if (count >= limits[kind]) {
        const [policy] = client.split('/');
        throw new PipelineError(
          'QUOTA_EXCEEDED',
          `Expected at most ${limits[kind]} ${WORDS[kind]} for this ${policy}. Try again when one of them has ended.`,
          { retryAfterMs: RETRY_AFTER_MS },
        );
      }
      counts.set(name, count + 1);
      let isCounted = true;
      return {
        [Symbol.dispose]() {
          if (!isCounted) return;
          isCounted = false;
          const left = counts.get(name)! - 1;
          if (left === 0) counts.delete(name);
          else counts.set(name, left);
        },
      };
    },
  };
}

/** Opens an object for a download, which counts as a stream of the client until it ends or the client leaves. */
export async function openCounted(
  concurrency: Concurrency,
  client: string | undefined,
  open: () => Promise<OpenObject>,
): Promise<OpenObject> {
  const counted = concurrency.enter('streams', client);
  try {
    const found = await open();
    found.stream.once('close', () => counted[Symbol.dispose]());
    return found;
  } catch (error) {
    counted[Symbol.dispose]();
    throw error;
  }
}
