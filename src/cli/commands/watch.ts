import process from 'node:process';
import type { Command } from 'commander';
import type { LimelightClient } from '../../client/limelight-client.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { toDuration } from '../terminal/format.ts';
import { isJson, show, write } from '../terminal/output.ts';
import { createProgressLines } from '../terminal/progress-lines.ts';
import { assertMade } from '../video/make-video.ts';

export function addWatchCommand(program: Command): void {
  const command = program
    .command('watch')
    .summary('follow a task until it ends')
    .description(
      'Shows the stages of a task live, with their times, until it ends. Ctrl-C stops watching; the task continues. With --json each event is a line.',
    )
    .argument('<task>', TASK_ARGUMENT);
  addServerOption(command).action(async (task: string, flags: ServerFlags) => {
    const signal = stopSignal();
    const client = await connect(flags, signal);
    await watchTask(client, await findTask(client, task, signal), signal);
  });
  addExamples(command, ['limelight watch last', 'limelight watch 83577ac7 --json']);
}

/**
 * Shows the stages of a task until it ends. Aborting does not affect the task.
 * @throws JobFailedError if the task ends without a video.
 */
export async function watchTask(client: LimelightClient, taskId: string, signal: AbortSignal): Promise<void> {
  const lines = createProgressLines(process.stderr);
  try {
    const outcome = await client.wait(taskId, {
      signal,
      onEvent: (event) => (isJson() ? show(event, () => []) : lines.show(event)),
    });
    lines.end();
    const { execution_time_ms } = assertMade(outcome, taskId);
    write(
      `Made in ${toDuration(execution_time_ms)}. Download the video: \`npx limelight download ${taskId}\``,
    );
  } finally {
    lines.end();
  }
}
