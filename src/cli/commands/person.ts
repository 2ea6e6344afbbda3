import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../add-examples.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';
import { toWholeNumber } from '../whole-number.ts';

export function addPersonCommand(program: Command): void {
  const command = program
    .command('person')
    .summary('choose the person for a task that asks')
    .description(
      'Answers a task that was submitted with persons=ask. `limelight status` shows whom it found.',
    )
    .argument('<task>', TASK_ARGUMENT)
    .argument('<number>', 'which person, from 1', toWholeNumber);
  addServerOption(command).action(async (task: string, person: number, flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    const id = await findTask(client, task, signal);
    const status = await client.choosePerson(id, person, { signal });
    show(status, ({ message }) => [`${id}  ${message}`]);
  });
  addExamples(command, ['limelight person last 2']);
}
