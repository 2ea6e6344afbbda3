import { basename, relative } from 'node:path';
import process from 'node:process';
import type { LimelightClient, ReceivedEvent } from '../../client/limelight-client.ts';
import type { Person } from '../../contracts/schemas/job-outcome.ts';
import { PipelineError } from '../../errors.ts';
import { JobFailedError } from '../exit-code.ts';
import { toMegabytes } from '../terminal/format.ts';
import { isJson, print, show, write } from '../terminal/output.ts';
import { paint } from '../terminal/paint.ts';
import { createProgressBoard } from '../terminal/progress-board.ts';
import { toTable } from '../terminal/table.ts';
import { askPerson } from './ask-person.ts';
import { type MadeVideo, makeVideo, type VideoOrder } from './make-video.ts';

/** Jobs at a time: enough to keep every stage of one machine busy. The server has limits of its own. */
const MAX_IN_FLIGHT = 4;

/** Makes several videos, shows their progress and a summary. With `--json`, prints a line as each of them ends. */
export async function orderVideos(
  client: LimelightClient,
  orders: VideoOrder[],
  { signal, watch }: { signal: AbortSignal; watch: boolean },
): Promise<void> {
  const startedAt = Date.now();
  const names = new Map(orders.map((order) => [order, toName(order, orders)]));
  const board = createProgressBoard([...names.values()], process.stderr);
  if (!watch) {
    write(`Making ${orders.length} videos, ${MAX_IN_FLIGHT} at a time. Use --watch to see their stages.`);
  }
  let ends: VideoEnd[];
  try {
    ends = await makeVideos(client, orders, {
      signal,
      inFlight: MAX_IN_FLIGHT,
      onEvent: (order, event) => watch && board.show(names.get(order)!, event),
      choose: ({ photoPath }, persons, until) => board.pauseFor(() => askPerson(photoPath, persons, until)),
      onEnd(end) {
        if (!signal.aborted) {
          board.finish(names.get(end.order)!, toResultLine(end));
          show(toWire(end), () => []);
        }
      },
    });
  } finally {
    board.end();
  }
  summarize(ends, (Date.now() - startedAt) / 1000);
}

function summarize(ends: VideoEnd[], seconds: number): void {
  const failed = ends.filter(({ made }) => !made);
  write('');
  if (!isJson()) {
    toTable(
      [
        { title: 'photo' },
        { title: 'seconds', align: 'right' },
        { title: 'size', align: 'right' },
        { title: 'video' },
      ],
      ends.map(toCells),
    ).forEach(print);
  }
  const message = `${ends.length - failed.length} of ${ends.length} videos in ${seconds.toFixed(1)} s`;
  if (failed.length > 0) {
    const codes = failed.map(({ error }) => (error instanceof PipelineError ? error.code : 'INTERNAL'));
    throw new JobFailedError(codes[0]!, `${message}: ${failed.length} failed.`);
  }
  write(`${message}.`);
}

function toCells({ order, made, seconds, error }: VideoEnd): string[] {
  return made
    ? [order.photoPath, seconds.toFixed(1), toMegabytes(made.bytes), relative('', made.video)]
    : [order.photoPath, seconds.toFixed(1), '', paint('bad', `failed: ${toMessage(error)}`)];
}

function toResultLine({ made, error }: VideoEnd): string {
  return made
    ? `${toMegabytes(made.bytes)} in ${made.seconds.toFixed(1)} s`
    : paint('bad', `failed: ${toMessage(error)}`, process.stderr);
}

function toWire({ order, made, error }: VideoEnd) {
  const code = error instanceof PipelineError ? error.code : 'INTERNAL';
  return made ?? { photo: order.photoPath, error: { code, message: toMessage(error) } };
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The name of the file, or its path if another photo has the same name. */
function toName({ photoPath }: VideoOrder, all: VideoOrder[]): string {
  const name = basename(photoPath);
  return all.filter((other) => basename(other.photoPath) === name).length > 1 ? photoPath : name;
}

interface VideoEnd {
  order: VideoOrder;
  /** Absent if it failed; then `error` is set. */
  made?: MadeVideo;
  error?: unknown;
  seconds: number;
}

interface SeveralOptions {
  signal: AbortSignal;
  inFlight: number;
  onEvent(order: VideoOrder, event: ReceivedEvent): void;
  onEnd(end: VideoEnd): void;
  /** See `MakeOptions`. */
  choose(order: VideoOrder, persons: Person[], signal: AbortSignal): Promise<number>;
}

/** Makes all videos, even if some fail. Rejects only if the signal is aborted, after running jobs are undone. */
async function makeVideos(
  client: LimelightClient,
  orders: VideoOrder[],
  { signal, inFlight, onEvent, onEnd, choose }: SeveralOptions,
): Promise<VideoEnd[]> {
  const ends: VideoEnd[] = [];
  const waiting = orders.entries();
  const worker = async () => {
    for (const [index, order] of waiting) {
      if (signal.aborted) {
        return;
      }
      const startedAt = Date.now();
      const end = await makeVideo(client, order, {
        signal,
        onEvent: (event) => onEvent(order, event),
        choose: (persons, until) => choose(order, persons, until),
      }).then(
        (made): Partial<VideoEnd> => ({ made }),
        (error: unknown): Partial<VideoEnd> => ({ error }),
      );
      ends[index] = { order, seconds: (Date.now() - startedAt) / 1000, ...end };
      onEnd(ends[index]);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  signal.throwIfAborted();
  return ends;
}
