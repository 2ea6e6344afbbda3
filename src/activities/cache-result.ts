import { log } from '@temporalio/activity';
import type { CacheKind } from '../contracts/content-cache.ts';
import type { Fallback } from '../contracts/schemas/job-outcome.ts';
import type { ContentCache, NamedKeys } from '../ports/content-cache.ts';

/**
 * Caches a result, if there are facts to cache it by. A fallback result is not cached, because the device may work again
 * next time. Cache errors never fail the activity.
 */
export async function cacheResult(
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
    log.warn('The content cache could not store a result', { kind, error });
    return {};
  }
}
