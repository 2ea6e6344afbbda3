import { log } from '@temporalio/activity';
import type { CacheKind } from '../contracts/content-cache.ts';
import type { Fallback } from '../contracts/schemas/job-outcome.ts';
import type { ContentCache, NamedKeys } from '../ports/content-cache.ts';

/**
 * Keeps what was made, where it may be (there are facts) and was made in the best way: a cheaper way is for the device's
 * hard times, not for ever. What cannot be kept is no failure of what was made.
 */
export async function keepQuietly(
  cache: ContentCache,
  kind: CacheKind,
  facts: object | undefined,
  made: { result: { fallbacks?: Fallback[] }; files: NamedKeys },
): Promise<{ entry?: string }> {
  if (!facts || made.result.fallbacks) {
    return {};
  }
  try {
    return { entry: await cache.keep(kind, facts, made) };
  } catch (error) {
    log.warn('The content cache did not take it', { kind, error });
    return {};
  }
}
