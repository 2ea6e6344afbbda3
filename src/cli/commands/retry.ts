import type { Command } from 'commander';
import { RETRY_POINTS, type RetryPoint } from '../../contracts/retry.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';
import { watchTask } from './watch.ts';

interface RetryFlags extends ServerFlags {
  from?: string;
  watch?: boolean;
}

export function addRetryCommand(program: Command): void {
  const command = program
    .command('retry')
    .summary('retry a failed task')
    .description(
      'Restarts a failed task from the stage that failed, or from an earlier stage whose inputs still exist.',
    )
    .argument('<task>', TASK_ARGUMENT)
    .option(
      '--from <stage>',
      `stage to restart from: ${RETRY_POINTS.join(', ')}; default: the latest possible`,
    )
    .option('--watch', 'follow the task until it ends');
  addServerOption(command).action(async (task: string, { from, watch, ...flags }: RetryFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    const id = await findTask(client, task, signal);
    // The server validates the stage: it may be of another version.
    const status = await client.retry(id, { signal, ...(from && { from: from as RetryPoint }) });
    if (watch) {
      await watchTask(client, id, signal);
    } else {
      show(status, ({ message }) => [`${id}  ${message}`]);
    }
  });
  addExamples(command, ['limelight retry last --watch', 'limelight retry 83577ac7 --from provider']);
}
