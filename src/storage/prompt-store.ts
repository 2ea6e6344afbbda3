import { ignoreFailure, isFailure, PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { inTime, iterate, TOO_LATE } from './in-time.ts';

/** How long a caller waits for an answer of the store. */
export interface PromptTimeouts {
  /** For a small object, or the first bytes of a large one. Default: 3 s. */
  readMs?: number;
  /** For a small write, or the next object of a listing. Default: 10 s. */
  writeMs?: number;
  /** For calls that move or delete any number of bytes. Default: two minutes. */
  transferMs?: number;
}

/** While the store is silent, one call at this interval is passed on to it. */
const PROBE_INTERVAL_MS = 2_000;

/**
 * A store for callers that a person waits for: a call that gets no answer in time rejects with STORAGE_UNAVAILABLE. Until
 * the store answers again, further calls reject at once and do not queue up behind it. A network drive or a server that
 * accepts connections and sends nothing would otherwise make every request hang.
 */
export function createPromptStore(
  store: ObjectStore,
  { readMs = 3_000, writeMs = 10_000, transferMs = 120_000 }: PromptTimeouts = {},
): ObjectStore {
  let isSilent = false;
  let nextProbeAt = 0;

  /** @param discard frees the result if it comes too late */
  async function within<T>(ms: number, call: () => Promise<T>, discard?: (late: T) => void): Promise<T> {
    if (isSilent) {
      if (Date.now() < nextProbeAt) {
        throw unavailable();
      }
      nextProbeAt = Date.now() + PROBE_INTERVAL_MS;
    }
    const answer = call();
    answer.then(
      () => {
        isSilent = false;
      },
      (error) => {
        isSilent &&= isFailure(error, 'STORAGE_UNAVAILABLE');
      },
    );
    try {
      return await inTime(answer, ms, discard);
    } catch (error) {
      if (error === TOO_LATE) {
        isSilent = true;
        nextProbeAt = Date.now() + PROBE_INTERVAL_MS;
        throw unavailable();
      }
      throw error;
    }
  }

  return {
    put: (key, body, options) =>
      within(body instanceof Uint8Array ? writeMs : transferMs, () => store.put(key, body, options)),
    putMany: (objects) => within(transferMs, () => store.putMany(objects)),
    open: (key, range) =>
      within(
        readMs,
        () => store.open(key, range),
        ({ stream }) => void stream.destroy(),
      ),
    read: (key) => within(readMs, () => store.read(key)),
    stat: (key) => within(readMs, () => store.stat(key)),
    list: (prefix, options) => iterate(store.list(prefix, options), (next) => within(writeMs, next)),
    copy: (from, to) => within(transferMs, () => store.copy(from, to)),
    delete: (key) => within(writeMs, () => store.delete(key)),
    deleteMany: (keys) => within(transferMs, () => store.deleteMany(keys)),
    deleteAll: (prefix) => within(transferMs, () => store.deleteAll(prefix)),
    localPath: (key) => within(transferMs, () => store.localPath(key)),
    scratch: () =>
      within(
        readMs,
        () => store.scratch(),
        (folder) =>
          void ignoreFailure(Promise.resolve(folder[Symbol.asyncDispose]()), 'the sweep removes leftovers'),
      ),
    signUrl: (key, options) => store.signUrl(key, options),
    sweep: (options) => store.sweep(options),
  };
}

function unavailable(): PipelineError {
  return new PipelineError('STORAGE_UNAVAILABLE', 'The storage does not respond. Try again later.');
}
