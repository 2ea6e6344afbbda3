import type { Command } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import type { RetentionReport } from '../../contracts/schemas/retention.ts';
import { PipelineError } from '../../errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { loadConfig } from '../../process/load-config.ts';
import type { RetentionSchedule, RetentionStatus } from '../../temporal/retention-schedule.ts';
import { addExamples } from '../command-parts.ts';
import { toMegabytes } from '../terminal/format.ts';
import { show, write } from '../terminal/output.ts';
import { toTable } from '../terminal/table.ts';

const CONNECT_TIMEOUT_MS = 3_000;

export function addRetentionCommand(program: Command): void {
  const retention = program
    .command('retention')
    .summary('manage the deletion of old files')
    .description(
      'Every 60 minutes Limelight deletes files that are older than the STORAGE_RETENTION_… settings allow, except files of running or held tasks. These commands control that schedule.',
    );
  const running = retention
    .command('run')
    .description('run it now and print a report')
    .option('--dry-run', 'delete nothing; print what would be deleted')
    .action(async ({ dryRun = false }: { dryRun?: boolean }) => {
      show(await withSchedule((schedule) => schedule.run({ dryRun })), reportLines);
    });
  addExamples(running, ['limelight retention run --dry-run', 'limelight retention run --json']);
  const pausing = retention
    .command('pause')
    .description('delete nothing until `resume`')
    .option('--note <text>', 'reason to show in the status', 'Paused with limelight retention pause')
    .action(async ({ note }: { note: string }) => {
      await withSchedule((schedule) => schedule.pause(note));
      show({ is_paused: true, note }, () => []);
      write('Retention is paused: old files stay and the disk may fill up.');
    });
  addExamples(pausing, ['limelight retention pause --note "Disk is being moved"']);
  const resuming = retention
    .command('resume')
    .description('resume after `pause`')
    .action(async () => {
      await withSchedule((schedule) => schedule.resume());
      show({ is_paused: false }, () => []);
      write('Retention is running again.');
    });
  addExamples(resuming, ['limelight retention resume']);
  const asking = retention
    .command('status')
    .description('show the next run and whether retention is paused')
    .action(async () => show(await withSchedule((schedule) => schedule.status()), statusLines));
  addExamples(asking, ['limelight retention status']);
  const holding = retention
    .command('hold')
    .description('keep all files of a task until `release`')
    .argument('<task>', 'id of the task')
    .option('--reason <text>', 'reason to show in the list', 'Held with limelight retention hold')
    .action((task: string, { reason }: { reason: string }) => hold(task, reason));
  addExamples(holding, ['limelight retention hold 3f2a… --reason "Shown at the fair"']);
  const releasing = retention
    .command('release')
    .description('end the hold of a task')
    .argument('<task>', 'id of the task')
    .action(release);
  addExamples(releasing, ['limelight retention release 3f2a…']);
  const listing = retention.command('holds').description('list held tasks').action(listHolds);
  addExamples(listing, ['limelight retention holds']);
}

async function hold(taskId: string, reason: string): Promise<void> {
  await withStore(async (store, { readRetentionOverride, writeRetentionOverride }) => {
    for await (const _ of store.list(`videos/${taskId}/`)) {
      const override = await readRetentionOverride(store, taskId);
      const hold = { reason, since: new Date().toISOString() };
      await writeRetentionOverride(store, taskId, { ...override, hold });
      show({ task_id: taskId, hold }, () => []);
      write(`Retention now keeps all files of ${taskId}.`);
      return;
    }
    throw new PipelineError('TASK_NOT_FOUND', `There is no task ${taskId} in the store.`);
  });
}

async function release(taskId: string): Promise<void> {
  await withStore(async (store, { readRetentionOverride, writeRetentionOverride }) => {
    const { hold: had, ...override } = (await readRetentionOverride(store, taskId)) ?? {};
    if (!had) {
      throw new PipelineError('TASK_NOT_FOUND', `The task ${taskId} is not held.`);
    }
    await writeRetentionOverride(store, taskId, override);
    show({ task_id: taskId, hold: null }, () => []);
    write(`Retention deletes the files of ${taskId} again when they are old enough.`);
  });
}

async function listHolds(): Promise<void> {
  const held = await withStore(async (store, { readRetentionOverrides }) =>
    [...(await readRetentionOverrides(store))].flatMap(([task_id, { hold }]) =>
      hold ? [{ task_id, ...hold }] : [],
    ),
  );
  show(held, () =>
    toTable(
      [{ title: 'task' }, { title: 'since' }, { title: 'reason' }],
      held.map(({ task_id, since, reason }) => [task_id, since.slice(0, 10), reason]),
    ),
  );
}

function statusLines({ is_paused, note, next_run_at, last_run }: RetentionStatus): string[] {
  return [
    is_paused ? `paused: ${note ?? 'no reason given'}` : `next run ${next_run_at ?? 'unknown'}`,
    last_run ? `last run ${last_run.started_at} (${last_run.workflow_id})` : 'no run yet',
  ];
}

function reportLines({ dry_run, scanned, deleted, kept, errors, swept }: RetentionReport): string[] {
  const rows = Object.entries(deleted).map(([group, { files, bytes }]) => [
    group,
    String(files),
    toMegabytes(bytes),
  ]);
  return [
    ...toTable(
      [
        { title: dry_run ? 'would delete' : 'deleted' },
        { title: 'files', align: 'right' },
        { title: 'size', align: 'right' },
      ],
      rows,
    ),
    `Checked ${scanned.files} files (${toMegabytes(scanned.bytes)}); kept those of ${kept.running} running and ${kept.held} held tasks; removed ${swept} leftovers of dead processes.`,
    ...(errors.count > 0 ? [`${errors.count} errors, such as: ${errors.examples.join('; ')}`] : []),
  ];
}

async function withSchedule<T>(use: (schedule: RetentionSchedule) => Promise<T>): Promise<T> {
  const [{ connectClient }, { createRetentionSchedule }] = await Promise.all([
    import('../../temporal/connection.ts'),
    import('../../temporal/retention-schedule.ts'),
  ]);
  const client = await connectClient(loadConfig(readEnvironment()).temporal, CONNECT_TIMEOUT_MS);
  try {
    return await use(createRetentionSchedule({ client }));
  } finally {
    await client.connection.close();
  }
}

type Overrides = typeof import('../../storage/retention/retention-overrides.ts');

async function withStore<T>(use: (store: ObjectStore, overrides: Overrides) => Promise<T>): Promise<T> {
  const [{ openStore }, overrides] = await Promise.all([
    import('../../storage/open-store.ts'),
    import('../../storage/retention/retention-overrides.ts'),
  ]);
  using store = openStore(loadConfig(readEnvironment()).storage);
  return await use(store, overrides);
}
