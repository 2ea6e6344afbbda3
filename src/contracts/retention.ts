/** The workflow that deletes expired files, and the schedule that runs it. */
export const RETAIN_STORAGE = 'retainStorage';
export const RETENTION_SCHEDULE = 'storage-retention';
export const RETENTION_INTERVAL = '60 minutes';

/** Tasks with their own retention: `retention-overrides/<task>.json`. */
export const RETENTION_OVERRIDE_PREFIX = 'retention-overrides/';

export function retentionOverrideKey(taskId: string): string {
  return `${RETENTION_OVERRIDE_PREFIX}${taskId}.json`;
}
