/** Requests as tokens: a bucket of `burst` that fills at `perS` a second. */
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
  /** Milliseconds until there is a token; 0 where there was one. */
  retryAfterMs: number;
}

/** Of a process: one bucket a name, and none for names whose bucket would be full. */
export interface TokenBuckets {
  take(name: string): Taken;
  readonly size: number;
}

/** Beyond so many, those that are full are dropped at once, and the oldest after them. */
const MAX_BUCKETS = 10_000;

export function createTokenBuckets({ perS, burst }: RateRule, now: () => number = Date.now): TokenBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const refill = ({ tokens, at }: { tokens: number; at: number }) =>
    Math.min(burst, tokens + ((now() - at) / 1000) * perS);

  const makeRoom = () => {
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
      if (!bucket && buckets.size >= MAX_BUCKETS) makeRoom();
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
