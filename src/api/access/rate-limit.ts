import type { Context } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';

/** `name` is the client that is counted: `key/acme` or `address/203.0.113.7`. */
export type CountRequest = (c: Context<ApiEnv>, name: string) => void;

/**
 * Takes a token for each request and sends the tokens left in headers (draft-ietf-httpapi-ratelimit-headers-10).
 * Each process counts by itself: three processes allow three times as many.
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
        `Expected at most ${rule.perS} requests a second, ${rule.burst} at once, from this ${policy}. Try again after the time in Retry-After.`,
        { retryAfterMs },
      );
    }
  };
}

/** Requests as tokens: a bucket of `burst` that refills at `perS` a second. */
export interface RateRule {
  perS: number;
  burst: number;
}

export interface Taken {
  isAllowed: boolean;
  /** Whole tokens left. */
  remaining: number;
  /** Seconds until the bucket is full again, rounded up. */
  fullInS: number;
  /** Milliseconds until the next token; 0 if there was one. */
  retryAfterMs: number;
}

/** The buckets of one process, one per name. A name without a bucket has a full one. */
export interface TokenBuckets {
  take(name: string): Taken;
  readonly size: number;
}

/** Beyond this, full buckets are dropped first, then the oldest. */
const MAX_BUCKETS = 10_000;

export function createTokenBuckets({ perS, burst }: RateRule, now: () => number = Date.now): TokenBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const refill = ({ tokens, at }: { tokens: number; at: number }) =>
    Math.min(burst, tokens + ((now() - at) / 1000) * perS);

  const evict = () => {
    for (const [name, bucket] of buckets) {
      if (refill(bucket) >= burst) buckets.delete(name);
    }
    for (const name of buckets.keys()) {
      if (buckets.size < MAX_BUCKETS) break;
      buckets.delete(name);
    }
  };

  return {
    take(name) {
      const bucket = buckets.get(name);
      if (!bucket && buckets.size >= MAX_BUCKETS) evict();
      const tokens = bucket ? refill(bucket) : burst;
      const isAllowed = tokens >= 1;
      const left = isAllowed ? tokens - 1 : tokens;
      buckets.set(name, { tokens: left, at: now() });
      return {
        isAllowed,
        remaining: Math.floor(left),
        fullInS: Math.ceil((burst - left) / perS),
        retryAfterMs: isAllowed ? 0 : Math.ceil(((1 - left) / perS) * 1000),
      };
    },
    get size() {
      return buckets.size;
    },
  };
}
