import { join } from 'node:path';
import type { Command } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import { PipelineError } from '../../errors.ts';
import { loadConfig } from '../../process/load-config.ts';
import type { CheckReport, FaultyObject } from '../../storage/check/check.ts';
import { addExamples } from '../command-parts.ts';
import { toMegabytes } from '../terminal/format.ts';
import { show } from '../terminal/output.ts';
import { toTable } from '../terminal/table.ts';

export function addStorageCommand(program: Command): void {
  const storage = program.command('storage').description('check the stored files');
  const checking = storage
    .command('check')
    .summary('find missing, corrupt and orphaned files')
    .description(
      'Compares every stored file with its checksum and every record with its files. With --repair, restores what it can from the content cache, the video or Temporal’s history, and deletes orphaned files. Ignores files of running tasks.',
    )
    .option('--repair', 'repair what can be repaired')
    .action(({ repair = false }: { repair?: boolean }) => check(repair));
  addExamples(checking, ['limelight storage check', 'limelight storage check --repair --json']);
}

async function check(repair: boolean): Promise<void> {
  const [
    { writeThumbnail },
    { checkStorage },
    { openStore },
    { createTaskRecords },
    { openLazyClient },
    { recallRecord },
    { createTemporalJobs, isTaskRunning },
  ] = await Promise.all([
    import('../../media/picture/thumbnail.ts'),
    import('../../storage/check/check.ts'),
    import('../../storage/open-store.ts'),
    import('../../storage/task-records.ts'),
    import('../../temporal/connection.ts'),
    import('../../temporal/recall-record.ts'),
    import('../../temporal/temporal-jobs.ts'),
  ]);
  const config = loadConfig(readEnvironment());
  using store = openStore(config.storage);
  const client = openLazyClient(config.temporal);
  await using _ = { [Symbol.asyncDispose]: () => client.connection.close() };
  const jobs = createTemporalJobs({ client });
  const report = await checkStorage({
    store,
    records: createTaskRecords({ store }),
    repair,
    isRunning: (taskId) => isTaskRunning(jobs, taskId),
    recall: (taskId) => recallRecord(client, taskId),
    async makeThumbnail(videoKey, thumbnailKey) {
      await using folder = await store.scratch();
      const path = join(folder.path, 'thumbnail.jpg');
      await writeThumbnail(await store.localPath(videoKey), path);
      await store.put(thumbnailKey, { path });
    },
  });
  show(report, reportLines);
  const left = report.faults.filter((fault) => !fault.repair).length;
  if (left > 0) {
    throw new PipelineError(
      'OBJECT_CORRUPT',
      repair
        ? `${left} files could not be repaired. Restore them from a backup, or erase their tasks`
        : `${left} files have faults. \`npx limelight storage check --repair\` repairs what it can`,
    );
  }
}

function reportLines({ objects, bytes, faults }: CheckReport): string[] {
  const toRow = ({ key, fault, repair }: FaultyObject) => [key, fault, repair ?? ''];
  return [
    ...toTable([{ title: 'file' }, { title: 'fault' }, { title: 'repair' }], faults.map(toRow)),
    `Checked ${objects} files (${toMegabytes(bytes)}).`,
  ];
}
