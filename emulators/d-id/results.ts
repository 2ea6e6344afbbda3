import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'hono';
import type { Fault } from './faults.ts';
import type { EmulatorEnv } from './inject-fault.ts';

const SLOW_PIECES = 4;
/** Before a cut, so that the bytes already sent arrive. */
const FLUSH_MS = 200;

/** Serves a finished video as S3 does, with ranges, a tag and a checksum, or with a fault. */
export async function serveResult(
  c: Context<EmulatorEnv>,
  path: string,
  fault: Fault | undefined,
): Promise<Response> {
  const whole = await readFile(path);
  const hash = createHash('sha256').update(whole);
  const etag = `"${createHash('md5').update(whole).digest('hex')}"`;
  c.header('Content-Type', 'video/mp4');
  c.header('ETag', etag);
  c.header('Accept-Ranges', 'bytes');
  c.header('x-amz-checksum-sha256', hash.digest('base64'));
  const start = parseStart(c, etag);
  if (start >= whole.length) {
    c.header('Content-Range', `bytes */${whole.length}`);
    return c.body(null, 416);
  }
  const bytes = whole.subarray(start);
  c.header('Content-Length', String(bytes.length));
  if (start > 0) {
    c.header('Content-Range', `bytes ${start}-${whole.length - 1}/${whole.length}`);
  }
  return c.body(
    toStream(bytes, fault, () => c.env.incoming.socket.destroy()),
    start > 0 ? 206 : 200,
  );
}

function parseStart(c: Context<EmulatorEnv>, etag: string): number {
  const ifRange = c.req.header('if-range');
  const [, start] = c.req.header('range')?.match(/^bytes=(\d+)-$/) ?? [];
  return start === undefined || (ifRange !== undefined && ifRange !== etag) ? 0 : Number(start);
}

function toStream(bytes: Buffer, fault: Fault | undefined, cut: () => void): ReadableStream<Uint8Array> {
  const pieces = fault?.kind === 'slow' || fault?.kind === 'cut' ? SLOW_PIECES : 1;
  const size = Math.ceil(bytes.length / pieces);
  let piece = 0;
  return new ReadableStream({
    async pull(controller) {
      if (fault?.kind === 'cut' && piece === pieces / 2) {
        await sleep(FLUSH_MS);
        cut();
        return new Promise(() => {});
      }
      if (fault?.kind === 'slow') {
        await sleep(fault.ms / pieces);
      }
      controller.enqueue(Uint8Array.from(bytes.subarray(piece * size, (piece + 1) * size)));
      piece += 1;
      if (piece >= pieces) {
        controller.close();
      }
    },
  });
}
