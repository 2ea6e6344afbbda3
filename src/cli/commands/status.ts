import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';
import { toStatusLines } from '../terminal/status-lines.ts';

export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .summary('show the status of a task')
    .description(
      'Shows stage, place in the queue, attempts and expected end of a task, and its result or error once it has ended.',
    )
    .argument('<task>', TASK_ARGUMENT);
  addServerOption(command).action(async (task: string, flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    const status = await client.status(await findTask(client, task, signal), { signal });
    show(status, (value) => toStatusLines(value));
  });
  addExamples(command, ['limelight status last', 'limelight status 83577ac7 --json']);
}
