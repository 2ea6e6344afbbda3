import process from 'node:process';
import type { LimelightClient } from '../client/limelight-client.ts';
import { toDuration } from './terminal/duration.ts';
import { isJson, show, write } from './terminal/output.ts';
import { createProgressLines } from './terminal/progress-lines.ts';
import { assertMade } from './video/make-video.ts';

/**
 * The stages of a task from its first to its last, live. With `--json` each event is a line. Aborting leaves the task alone.
 * @throws JobFailedError where the task ends without a video.
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
    write(`Made in ${toDuration(execution_time_ms)}. \`limelight download ${taskId}\` brings the video.`);
  } finally {
    lines.end();
  }
}
