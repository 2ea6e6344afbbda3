import { createRoute } from '@hono/zod-openapi';
import type { RetentionReport } from '../../contracts/schemas/retention.ts';
import { RetentionRunList } from '../../contracts/schemas/retention.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const SHOWN_RUNS = 10;

const retention = createRoute({
  method: 'get',
  path: '/api/pipeline/retention',
  tags: ['Operation'],
  summary: 'The last retention runs',
  description: 'What was deleted after its retention time, newest run first.',
  responses: {
    200: {
      description: 'As each run reported.',
      content: { 'application/json': { schema: RetentionRunList } },
    },
    ...problems('TEMPORAL_UNAVAILABLE'),
  },
});

export function retentionRoutes({ retentionRuns }: Pick<ApiDeps, 'retentionRuns'>) {
  return createRoutes().openapi(retention, async (c) => {
    c.header('Cache-Control', 'no-store');
    const reports = await retentionRuns.newest(SHOWN_RUNS);
    return c.json({ runs: reports.map(toRun) }, 200);
  });
}

function toRun({ started_at, duration_ms, dry_run, scanned, deleted, errors }: RetentionReport) {
  const groups = Object.values(deleted);
  return {
    started_at,
    duration_ms,
    dry_run,
    scanned,
    deleted: {
      files: groups.reduce((sum, { files }) => sum + files, 0),
      bytes: groups.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    errors: errors.count,
  };
}
