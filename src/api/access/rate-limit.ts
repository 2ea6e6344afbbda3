import type { Context } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { createTokenBuckets, type RateRule } from './token-bucket.ts';

/** `key/acme` or `address/203.0.113.7`: who is counted. */
export type CountRequest = (c: Context<ApiEnv>, name: string) => void;

/**
 * A token for each request, and headers that tell of those left (draft-ietf-httpapi-ratelimit-headers-10).
 * Each process counts by itself: behind three of them a client has three times as many.
 */
export function createRateLimit(rule: RateRule, now?: () => number): CountRequest {
  const buckets = createTokenBuckets(rule, now);
  const windowS = Math.ceil(rule.burst / rule.perS);
  return (c, name) => {
    const [policy] = name.split('/');
    const { isAllowed, remaining, fullInS, retryAfterMs } = buckets.take(name);
    c.header('RateLimit-Policy', `"${policy}";q=${rule.burst};w=${windowS}`);
    c.header('RateLimit', `"${policy}";r=${remaining};t=${fullInS}`);
    if (!isAllowed) {
      throw new PipelineError(
        'RATE_EXCEEDED',
        `Expected at most ${rule.perS} requests a second, ${rule.burst} at once, from this ${policy}. Send it again after Retry-After.`,
        { retryAfterMs },
      );
    }
  };
}
