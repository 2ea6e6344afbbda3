import { relative } from 'node:path';
import process from 'node:process';
import type { LimelightClient } from '../../client/limelight-client.ts';
import { toMegabytes } from '../terminal/format.ts';
import { show, write } from '../terminal/output.ts';
import { createProgressLines } from '../terminal/progress-lines.ts';
import { askPerson } from './ask-person.ts';
import { makeVideo, type VideoOrder } from './make-video.ts';

/** Makes a video and shows its progress. Prints only the path of the video on standard output. */
export async function orderVideo(
  client: LimelightClient,
  order: VideoOrder,
  signal: AbortSignal,
): Promise<void> {
  const lines = createProgressLines(process.stderr);
  try {
    const made = await makeVideo(client, order, {
      signal,
      onEvent: lines.show,
      choose(persons, until) {
        lines.end();
        return askPerson(order.photoPath, persons, until);
      },
    });
    lines.end();
    for (const warning of made.warnings) {
      write(`Note: ${warning}`);
    }
    write(`${toMegabytes(made.bytes)} in ${made.seconds.toFixed(1)} s:`);
    show(made, ({ video }) => [relative('', video)]);
  } finally {
    lines.end();
  }
}
