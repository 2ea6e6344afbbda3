import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../api-env.ts';
import { createEventStream } from '../event-stream.ts';
import { taskParam } from '../task-param.ts';
import { parseWait } from '../wait-preference.ts';

const LOOK_AGAIN_MS = 250;

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would hold events back until its buffer is full.
  'X-Accel-Buffering': 'no',
};

export function eventRoutes({ hub, limits }: Pick<ApiDeps, 'hub' | 'limits'>) {
  return new Hono<ApiEnv>().get('/api/pipeline/progress/:taskId/events', async (c) => {
    const taskId = taskParam(c);
    // A client that comes back keeps the query of its first request; the header is newer.
    const since = parseSeq(c.req.header('last-event-id') ?? c.req.query('since'));
    const waitS = parseWait(c.req.query('wait'), undefined) ?? 0;
    const outgoing = c.env?.outgoing;
    const stream = createEventStream({
      maxQueuedBytes: limits.eventQueueBytes,
      cut: () => outgoing?.destroy(),
    });
    const follow = () => hub.follow(taskId, since, stream.reader);
    stream.onLeave(await whenSubmitted(follow, waitS * 1000, c.req.raw.signal));
    if (c.req.method === 'HEAD') {
      await stream.body.cancel();
    }
    // 204 keeps an EventSource from coming back for ever for what it has.
    return stream.isOver ? c.body(null, 204) : c.body(stream.body, 200, HEADERS);
  });
}

/** A client that chose its task's id may listen before it submits: `?wait=N` is how long it takes for that. */
async function whenSubmitted<T>(follow: () => Promise<T>, waitMs: number, signal: AbortSignal): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await follow();
    } catch (error) {
      const isUnknown = error instanceof PipelineError && error.code === 'TASK_NOT_FOUND';
      if (!isUnknown || signal.aborted || Date.now() >= deadline) {
        throw error;
      }
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

function parseSeq(text: string | undefined): number {
  if (text === undefined || text === '') {
    return 0;
  }
  if (!/^\d{1,15}$/.test(text)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Last-Event-ID or since: expected the number of an event but received "${text}".`,
    );
  }
  return Number(text);
}
