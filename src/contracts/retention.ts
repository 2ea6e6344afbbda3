import type { Tier } from './task-keys.ts';

/** The workflow that deletes what has had its time, and the schedule that runs it. Never renamed. */
export const RETAIN_STORAGE = 'retainStorage';
export const RETENTION_SCHEDULE = 'storage-retention';
export const RETENTION_INTERVAL = '60 minutes';

/** Tasks with their own retention: `retention-overrides/<task>.json`. */
export const RETENTION_OVERRIDE_PREFIX = 'retention-overrides/';

export function retentionOverrideKey(taskId: string): string {
  return `${RETENTION_OVERRIDE_PREFIX}${taskId}.json`;
}

export interface RetentionOverride {
  /** Nothing of the task is deleted while this is set. */
  hold?: { reason: string; since: string };
  /** Replaces the retention of the tiers. */
  days?: number;
}

/** What was deleted: files of the tiers, records of tasks, files of no known task, cached files. */
export type RetentionGroup = Tier | 'records' | 'unknown' | 'cache';

export interface FilesAndBytes {
  files: number;
  bytes: number;
}

/** The result of a run, as Temporal's Web UI shows it. */
export interface RetentionReport {
  dry_run: boolean;
  /** ISO 8601. */
  started_at: string;
  duration_ms: number;
  scanned: FilesAndBytes;
  /** With `dry_run`: what would be. */
  deleted: Record<RetentionGroup, FilesAndBytes>;
  /** Tasks that had files past their time, and kept them. */
  kept: { running: number; held: number };
  /** What dead writers had left. */
  swept: number;
  errors: { count: number; examples: string[] };
}
