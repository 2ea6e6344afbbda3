import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { LimelightClient } from '../client/limelight-client.ts';
import { makeVideo, type VideoOrder } from './make-video.ts';
import { print, write } from './output.ts';
import { createProgressLines } from './progress-lines.ts';

/** Makes a video before the eyes of a person; the path of it is the one line on standard output. */
export async function orderVideo(
  client: LimelightClient,
  order: VideoOrder,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = Date.now();
  const lines = createProgressLines(process.stderr);
  let warnings: string[];
  try {
    warnings = await makeVideo(client, order, { signal, onEvent: lines.show });
  } finally {
    lines.end();
  }
  for (const warning of warnings) {
    write(`Note: ${warning}`);
  }
  const { size } = await stat(order.outPath);
  write(`${(size / 1e6).toFixed(1)} MB in ${((Date.now() - startedAt) / 1000).toFixed(1)} s:`);
  print(relative('', order.outPath));
}
