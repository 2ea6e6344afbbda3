import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../add-examples.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { watchTask } from '../watch-task.ts';

export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .summary('follow a task to its end')
    .description(
      'Shows the stages of a task with their times, live, to its end. Ctrl-C ends the watching, not the task. With --json each event is a line.',
    )
    .argument('<task>', TASK_ARGUMENT);
  addServerOption(command).action(async (task: string, flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    await watchTask(client, await findTask(client, task, signal), signal);
  });
  addExamples(command, ['limelight watch last', 'limelight watch 83577ac7 --json']);
}
