import type { Command } from 'commander';
import { isTerminal } from '../../contracts/stages.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';

export function addCancelCommand(program: Command): void {
  const command = program
    .command('cancel')
    .summary('stop tasks and undo them')
    .description('Stops tasks, waits until their work is undone, and prints how they ended. Safe to repeat.')
    .argument('<task...>', TASK_ARGUMENT);
  addServerOption(command).action(async (tasks: string[], flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    // Resolve all tasks before cancelling the first, so that `last` means the same task throughout.
    const ids = await Promise.all(tasks.map((task) => findTask(client, task, signal)));
    const before = await Promise.all(ids.map((id) => client.status(id, { signal })));
    await Promise.all(ids.map((id) => client.cancel(id, { signal })));
    for (const [index, id] of ids.entries()) {
      const { stage } = before[index]!;
      await client.wait(id, { signal });
      show(await client.status(id, { signal }), ({ message }) => [
        `${id}  ${isTerminal(stage) ? `had already ended as ${stage}` : message}`,
      ]);
    }
  });
  addExamples(command, ['limelight cancel last', 'limelight cancel 83577ac7 04c1d3aa']);
}
