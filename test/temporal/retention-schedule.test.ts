import { describe, expect, it } from 'vitest';
import { createRetentionActivities } from '../../src/activities/retention.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { RETENTION_SCHEDULE } from '../../src/contracts/retention.ts';
import type { RetentionReport } from '../../src/contracts/schemas/retention.ts';
import { retain } from '../../src/storage/retention/retention.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { createRetentionRuns } from '../../src/temporal/retention-runs.ts';
import { createRetentionSchedule } from '../../src/temporal/retention-schedule.ts';
import { fileResources } from '../harness/file-resources.ts';
import { RETENTION_RULES } from '../harness/storage/retention-rules.ts';
import { age, storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

const server = fileResources().use(await openTestNamespace());

describe('the retention schedule', () => {
  it('is created once, runs every 60 minutes, skips overlapping runs, and stays paused', async () => {
    const schedule = createRetentionSchedule(server);
    await expect(schedule.status()).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });

    await Promise.all([schedule.ensure(), schedule.ensure()]);
    const { spec, policies } = await server.client.schedule.getHandle(RETENTION_SCHEDULE).describe();
    expect(spec.intervals).toMatchObject([{ every: 3_600_000 }]);
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 3_600_000 });
    const { next_run_at } = await schedule.status();
    expect(Date.parse(next_run_at!)).toBeGreaterThan(Date.now());

    await schedule.pause('Disk is being moved');
    await schedule.ensure();
    expect(await schedule.status()).toMatchObject({ is_paused: true, note: 'Disk is being moved' });
    await schedule.resume();
    expect(await schedule.status()).toMatchObject({ is_paused: false });
  });

  it('can be run manually, also dry, and returns its report as the result in Temporal', async () => {
    const { store, root } = await createStore();
    const { keys } = await storeTask(store, 'task-1');
    await age(root, Object.values(keys), 4);
    const reports: RetentionReport[] = [];
    const activities = createRetentionActivities({
      retain: (options) =>
        retain({
          ...options,
          store,
          records: createTaskRecords({ store }),
          isRunning: async () => false,
          rules: RETENTION_RULES,
        }),
      onReport: (report) => reports.push(report),
    });
    await using _workers = await startWorkers(server, activities, { queues: [QUEUES.pipeline, QUEUES.io] });
    const schedule = createRetentionSchedule(server);

    const dry = await schedule.run({ dryRun: true });
    expect(dry).toMatchObject({ dry_run: true, deleted: { processed: { files: 1 } } });
    expect(await store.stat(keys.mask)).toBeDefined();

    await schedule.ensure();
    await schedule.trigger();
    while (reports.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await store.stat(keys.mask)).toBeUndefined();
    const { last_run } = await schedule.status();
    const handle = server.client.workflow.getHandle(last_run!.workflow_id);
    expect(await handle.result()).toEqual(reports[0]);
    expect(reports).toMatchObject([{ dry_run: false, deleted: { processed: { files: 1 } } }]);

    // A finished run appears in visibility a moment later.
    const history = createRetentionRuns(server);
    await expect.poll(() => history.newest(5), { timeout: 10_000 }).toEqual([reports[0], dry]);
    expect(await history.newest(1)).toEqual([reports[0]]);
  });
});
