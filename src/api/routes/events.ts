import { setTimeout as sleep } from 'node:timers/promises';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { EXAMPLE_TASK_EVENT } from '../../contracts/schemas/stage-event.ts';
import { PipelineError } from '../../errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { createEventStream } from '../progress/event-stream.ts';
import type { ProgressReader } from '../progress/progress-reader.ts';
import { createSocketReader } from '../progress/socket-reader.ts';
import { parseWait } from '../submit/wait-preference.ts';
import { assertOwn } from '../tasks/task-owners.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const LOOK_AGAIN_MS = 250;

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would hold events back until its buffer is full.
  'X-Accel-Buffering': 'no',
};

const Seq = z.string().optional();

const Query = z.object({
  since: Seq.openapi({
    type: 'integer',
    minimum: 0,
    maximum: 999_999_999_999_999,
    description: 'As `Last-Event-ID`, which counts where both are there.',
    example: 4,
  }),
  wait: z.string().optional().openapi({
    type: 'integer',
    minimum: 0,
    maximum: 999_999_999,
    description: 'Seconds, at most 300, to wait for a task that is not submitted yet.',
    example: 1,
  }),
});

/** As a parser of event streams gives it: before OpenAPI 3.2 the schema of such a stream is read as that of an event. */
const SentEvent = z
  .object({
    id: z.string().optional().openapi({ description: 'The `seq` of a stage event; no other has one.' }),
    event: z
      .enum(['message', 'activity_progress', 'heartbeat'])
      .optional()
      .openapi({ description: 'A stage event has none, which is read as `message`.' }),
    data: z.string().openapi({ description: 'JSON; of a stage event a `TaskEvent`.' }),
  })
  .openapi({ example: { id: '4', data: JSON.stringify(EXAMPLE_TASK_EVENT) } });

const socket = createRoute({
  method: 'get',
  path: '/api/pipeline/progress/{task_id}',
  tags: ['Progress'],
  summary: 'The same events over a WebSocket',
  description:
    'Each message is one event as JSON, with the same replay. Closed with 1000 after the last event, with 1012 where the server restarts; come back with `since` then.',
  request: { params: TaskParams, query: Query },
  responses: {
    101: { description: 'A WebSocket.' },
    ...problems('UPGRADE_REQUIRED', 'TASK_NOT_FOUND', 'INPUT_INVALID', 'TEMPORAL_UNAVAILABLE'),
  },
});

const events = createRoute({
  method: 'get',
  path: '/api/pipeline/progress/{task_id}/events',
  tags: ['Progress'],
  summary: 'Server-sent events: all so far, then live, until the last one',
  description:
    'Stage events have no name and their `seq` as `id:`. `activity_progress` tells how far a long stage is, and `heartbeat` that the connection is alive; both have no id. A comment comes every 15 s.',
  request: {
    params: TaskParams,
    headers: z.object({
      'last-event-id': Seq.openapi({
        pattern: '^\\d{0,15}$',
        description: 'The last event that the client has: what follows it is sent. Empty is as absent.',
        example: '4',
      }),
    }),
    query: Query,
  },
  responses: {
    200: {
      description: 'A stream of events; the `data` of each stage event is a `TaskEvent`.',
      content: { 'text/event-stream': { schema: SentEvent } },
    },
    204: { description: 'The client has the last event already: nothing will come any more.' },
    ...problems('TASK_NOT_FOUND', 'INPUT_INVALID', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function eventRoutes({ hub, limits, access }: Pick<ApiDeps, 'hub' | 'limits' | 'access'>) {
  /** Whose a task is shows when it is submitted: to who waited for that, too. */
  const followOwn = async (c: Context<ApiEnv>, taskId: string, since: number, reader: ProgressReader) => {
    await assertOwn(access.findOwner, c.get('caller'), taskId);
    return hub.follow(taskId, since, reader);
  };
  const app = createRoutes();
  app.openapi(socket, async (c) => {
    const taskId = taskParam(c);
    const since = parseSeq(c.req.query('since'));
    const waitS = parseWait(c.req.query('wait'), undefined) ?? 0;
    const { acceptSocket } = c.env;
    if (!acceptSocket) {
      c.header('Upgrade', 'websocket');
      throw new PipelineError(
        'UPGRADE_REQUIRED',
        'Expected a WebSocket. For server-sent events add /events.',
      );
    }
    const { reader, open, close, onLeave } = createSocketReader({ maxQueuedBytes: limits.eventQueueBytes });
    onLeave(await whenSubmitted(() => followOwn(c, taskId, since, reader), waitS * 1000, c.req.raw.signal));
    acceptSocket({ onOpen: open, onClose: close });
    return c.body(null, 200);
  });
  return app.openapi(events, async (c) => {
    const taskId = taskParam(c);
    // A client that comes back keeps the query of its first request; the header is newer.
    const since = parseSeq(c.req.header('last-event-id') || c.req.query('since'));
    const waitS = parseWait(c.req.query('wait'), undefined) ?? 0;
    const outgoing = c.env?.outgoing;
    const stream = createEventStream({
      maxQueuedBytes: limits.eventQueueBytes,
      cut: () => outgoing?.destroy(),
    });
    const follow = () => followOwn(c, taskId, since, stream.reader);
    stream.onLeave(await whenSubmitted(follow, waitS * 1000, c.req.raw.signal));
    const { isOver } = stream;
    const isHead = c.req.method === 'HEAD';
    if (isHead) {
      await stream.body.cancel();
    }
    if (isOver) {
      // Keeps an EventSource from coming back for ever for what it has.
      return c.body(null, 204);
    }
    return isHead ? c.body(null, 200, HEADERS) : c.body(stream.body, 200, HEADERS);
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
  if (text === undefined) {
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
