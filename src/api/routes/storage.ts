import { createRoute } from '@hono/zod-openapi';
import { StorageStats } from '../../contracts/schemas/operation.ts';
import type { StorageUsage } from '../../ports/storage-usage.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const stats = createRoute({
  method: 'get',
  path: '/api/pipeline/storage/stats',
  tags: ['Operation'],
  summary: 'What is stored',
  description:
    'The result of the latest scan, so the answer is immediate. A request after more than a minute starts the next scan.',
  responses: {
    200: { description: 'By tier.', content: { 'application/json': { schema: StorageStats } } },
    ...problems(),
  },
});

export function storageRoutes({ storageUsage }: Pick<ApiDeps, 'storageUsage'>) {
  return createRoutes().openapi(stats, async (c) => {
    c.header('Cache-Control', 'no-store');
    return c.json(toStats(await storageUsage()), 200);
  });
}

function toStats({ tiers, scannedAt, disk }: StorageUsage) {
  const sums = Object.values(tiers);
  const { freeBytes = 0, totalBytes = 0 } = disk ?? {};
  return {
    total_files: sums.reduce((sum, { files }) => sum + files, 0),
    total_size_mb: toMegabytes(sums.reduce((sum, { bytes }) => sum + bytes, 0)),
    disk: {
      free_gb: Math.round(freeBytes / 1e7) / 100,
      percent_used: totalBytes > 0 ? Math.round((1 - freeBytes / totalBytes) * 1000) / 10 : 0,
    },
    tiers: Object.fromEntries(
      Object.entries(tiers).map(([tier, { files, bytes }]) => [tier, { files, size_mb: toMegabytes(bytes) }]),
    ),
    scanned_at: scannedAt,
    age_s: Math.max(0, Math.round((Date.now() - Date.parse(scannedAt)) / 1000)),
  };
}

function toMegabytes(bytes: number): number {
  return Math.round(bytes / 1e4) / 100;
}
