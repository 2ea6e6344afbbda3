import type { Command } from 'commander';
import { isTerminal } from '../../contracts/stages.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../add-examples.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';

export function addCancelCommand(program: Command): void {
  const command = program
    .command('cancel')
    .summary('stop tasks and undo them')
    .description(
      'Stops tasks, waits until what they did is undone, and says how they ended. Again changes nothing.',
    )
    .argument('<task...>', TASK_ARGUMENT);
  addServerOption(command).action(async (tasks: string[], flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    // All are found before the first is cancelled: `last` and a beginning mean what they meant when they were typed.
    const ids = await Promise.all(tasks.map((task) => findTask(client, task, signal)));
    const before = await Promise.all(ids.map((id) => client.status(id, { signal })));
    await Promise.all(ids.map((id) => client.cancel(id, { signal })));
    for (const [index, id] of ids.entries()) {
      const { stage } = before[index]!;
      await client.wait(id, { signal });
      show(await client.status(id, { signal }), ({ message }) => [
        `${id}  ${isTerminal(stage) ? `had ended before, as ${stage}` : message}`,
      ]);
    }
  });
  addExamples(command, ['limelight cancel last', 'limelight cancel 83577ac7 04c1d3aa']);
}
