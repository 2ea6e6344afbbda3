import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples, toWholeNumber } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';

export function addPersonCommand(program: Command): void {
  const command = program
    .command('person')
    .summary('answer a task that asks who speaks')
    .description(
      'Chooses the person for a task that was submitted with persons=ask. `npx limelight status` lists the people it found.',
    )
    .argument('<task>', TASK_ARGUMENT)
    .argument('<number>', 'number of the person, from 1', toWholeNumber);
  addServerOption(command).action(async (task: string, person: number, flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    const id = await findTask(client, task, signal);
    const status = await client.choosePerson(id, person, { signal });
    show(status, ({ message }) => [`${id}  ${message}`]);
  });
  addExamples(command, ['limelight person last 2']);
}
