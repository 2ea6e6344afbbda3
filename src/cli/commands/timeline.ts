import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';
import { summaryLines, timelineLines } from '../terminal/timeline-lines.ts';

export function addTimelineCommand(program: Command): void {
  const command = program
    .command('timeline')
    .summary('show where a task spent its time')
    .description(
      'Shows for each stage and step of a task how long it queued, computed, retried or waited for the provider. Without a task, shows percentiles over the tasks that ended in the last day.',
    )
    .argument('[task]', TASK_ARGUMENT);
  addServerOption(command).action(async (task: string | undefined, flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    if (task === undefined) {
      show(await client.timelineSummary({ signal }), summaryLines);
    } else {
      show(await client.timeline(await findTask(client, task, signal), { signal }), timelineLines);
    }
  });
  addExamples(command, ['limelight timeline last', 'limelight timeline']);
}
