import { Hono } from 'hono';
import type { TaskMetadata } from '../../contracts/job.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../api-env.ts';

const RECORD = /^videos\/([^/]+)\/metadata\.json$/;

/** A paid talk of a task. */
interface UsageEntry {
  task_id: string;
  submitted_at: string;
  provider: string;
  talk_id: string;
  seconds: number;
  credits: number;
}

export function usageRoutes({ store, records }: Pick<ApiDeps, 'store' | 'records'>) {
  return (
    new Hono<ApiEnv>()
      /** Every talk that was paid, by the records of the tasks, newest first. */
      .get('/api/pipeline/usage', async (c) => {
        const talks: UsageEntry[] = [];
        for await (const { key } of store.list('videos/')) {
          const taskId = RECORD.exec(key)?.[1];
          const record = taskId === undefined ? undefined : await records.read(taskId);
          if (record) {
            talks.push(...toEntries(record));
          }
        }
        talks.sort((a, b) => b.submitted_at.localeCompare(a.submitted_at));
        return c.json({ totals: addUp(talks), talks });
      })
  );
}

function toEntries({ task_id, submitted_at, usage = [] }: TaskMetadata): UsageEntry[] {
  return usage.map(({ talkId, ...used }) => ({ task_id, submitted_at, talk_id: talkId, ...used }));
}

function addUp(talks: UsageEntry[]) {
  return {
    talks: talks.length,
    seconds: talks.reduce((sum, { seconds }) => sum + seconds, 0),
    credits: talks.reduce((sum, { credits }) => sum + credits, 0),
  };
}
