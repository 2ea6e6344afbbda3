import { Hono } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../api-env.ts';
import { createEventStream } from '../event-stream.ts';
import { taskParam } from '../task-param.ts';

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
    const { outgoing } = c.env;
    const { body, reader, onLeave } = createEventStream({
      maxQueuedBytes: limits.eventQueueBytes,
      cut: () => outgoing?.destroy(),
    });
    onLeave(await hub.follow(taskId, since, reader));
    return c.body(body, 200, HEADERS);
  });
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
