import { createRoute } from '@hono/zod-openapi';
import { Usage, type UsageEntry } from '../../contracts/schemas/operation.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import { taskIdOfRecord } from '../../contracts/task-keys.ts';
import { isUnreadableRecord } from '../../errors.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const usage = createRoute({
  method: 'get',
  path: '/api/pipeline/usage',
  tags: ['Operation'],
  summary: 'What was paid for',
  responses: {
    200: {
      description: 'From the records of the tasks.',
      content: { 'application/json': { schema: Usage } },
    },
    ...problems(),
  },
});

export function usageRoutes({ store, records }: Pick<ApiDeps, 'store' | 'records'>) {
  return createRoutes().openapi(usage, async (c) => {
    const talks: UsageEntry[] = [];
    const unreadable: string[] = [];
    for await (const { key } of store.list('videos/')) {
      const taskId = taskIdOfRecord(key);
      if (taskId === undefined) {
        continue;
      }
      try {
        const record = await records.read(taskId);
        talks.push(...(record ? toEntries(record) : []));
      } catch (error) {
        if (!isUnreadableRecord(error)) {
          throw error;
        }
        unreadable.push(taskId);
      }
    }
    talks.sort((a, b) => b.submitted_at.localeCompare(a.submitted_at));
    return c.json({ totals: addUp(talks), talks, unreadable }, 200);
  });
}

function toEntries({ task_id, submitted_at, usage = [] }: TaskMetadata): UsageEntry[] {
  return usage.map((used) => ({ task_id, submitted_at, ...used }));
}

function addUp(talks: UsageEntry[]) {
  const creditsOf = (some: UsageEntry[]) => some.reduce((sum, { credits }) => sum + credits, 0);
  return {
    talks: talks.length,
    seconds: talks.reduce((sum, { seconds }) => sum + seconds, 0),
    credits: creditsOf(talks),
    credits_to_return: creditsOf(talks.filter(({ refund_expected }) => refund_expected)),
  };
}
