import type { RetentionRules } from '../../../src/storage/retention/retention.ts';

/** Short enough to age files past them, and with a cache that holds everything. */
export const RETENTION_RULES: RetentionRules = {
  days: { uploads: 7, processed: 3, videos: 30, records: 365 },
  unknownDays: 1,
  tempHours: 1,
  maxCacheBytes: 1e9,
};
