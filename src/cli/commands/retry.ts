import type { Command } from 'commander';
import { RETRY_POINTS } from '../../contracts/retry.ts';
import type { RunningStage } from '../../contracts/stages.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../add-examples.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';
import { watchTask } from '../watch-task.ts';

interface RetryFlags extends ServerFlags {
  from?: string;
  watch?: boolean;
}

export function addRetryCommand(program: Command): void {
  const command = program
    .command('retry')
    .summary('try a failed task again')
    .description(
      'Starts a failed task again, from the stage that failed or from one whose inputs are still there.',
    )
    .argument('<task>', TASK_ARGUMENT)
    .option('--from <stage>', `where to begin: ${RETRY_POINTS.join(', ')}; default: as late as can be`)
    .option('--watch', 'follow it to its end');
  addServerOption(command).action(async (task: string, { from, watch, ...flags }: RetryFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    const id = await findTask(client, task, signal);
    // The server knows which stages there are to begin from, and says so where it is another one.
    const status = await client.retry(id, { signal, ...(from && { from: from as RunningStage }) });
    if (watch) {
      await watchTask(client, id, signal);
    } else {
      show(status, ({ message }) => [`${id}  ${message}`]);
    }
  });
  addExamples(command, ['limelight retry last --watch', 'limelight retry 83577ac7 --from provider']);
}
