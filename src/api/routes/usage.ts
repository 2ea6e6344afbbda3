import { createRoute } from '@hono/zod-openapi';
import type { TaskMetadata } from '../../contracts/job.ts';
import type { ApiDeps } from '../api-deps.ts';
import { problems } from '../wire/problem.ts';
import { Usage } from '../wire/usage.ts';
import { createRoutes } from './create-routes.ts';

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

const usage = createRoute({
  method: 'get',
  path: '/api/pipeline/usage',
  tags: ['Operation'],
  summary: 'What was paid for',
  responses: {
    200: { description: 'By the records of the tasks.', content: { 'application/json': { schema: Usage } } },
    ...problems(),
  },
});

export function usageRoutes({ store, records }: Pick<ApiDeps, 'store' | 'records'>) {
  return createRoutes().openapi(usage, async (c) => {
    const talks: UsageEntry[] = [];
    for await (const { key } of store.list('videos/')) {
      const taskId = RECORD.exec(key)?.[1];
      const record = taskId === undefined ? undefined : await records.read(taskId);
      if (record) {
        talks.push(...toEntries(record));
      }
    }
    talks.sort((a, b) => b.submitted_at.localeCompare(a.submitted_at));
    return c.json({ totals: addUp(talks), talks }, 200);
  });
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
