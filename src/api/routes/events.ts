import { setTimeout as sleep } from 'node:timers/promises';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { EXAMPLE_TASK_EVENT } from '../../contracts/schemas/stage-event.ts';
import { isFailure, PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { createEventStream } from '../progress/event-stream.ts';
import type { ProgressReader } from '../progress/progress-reader.ts';
import { createSocketReader } from '../progress/socket-reader.ts';
import { parseWait } from '../submit/wait-preference.ts';
import { assertOwn } from '../tasks/task-owners.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const POLL_INTERVAL_MS = 250;

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // Without it, nginx holds events back until its buffer is full.
  'X-Accel-Buffering': 'no',
};

const Seq = z.string().optional();

const Query = z.object({
  since: Seq.openapi({
    type: 'integer',
    minimum: 0,
    maximum: 999_999_999_999_999,
    description: 'The same as `Last-Event-ID`, which wins if both are given.',
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

/** One parsed event: before OpenAPI 3.2, tools read the schema of a stream as that of a single event. */
const SentEvent = z
  .object({
    id: z
      .string()
      .optional()
      .openapi({ description: 'The `seq` of a stage event. Other events have no id.' }),
    event: z
      .enum(['message', 'activity_progress', 'heartbeat'])
      .optional()
      .openapi({ description: 'Absent for a stage event, which parsers read as `message`.' }),
    data: z.string().openapi({ description: 'JSON. For a stage event, a `TaskEvent`.' }),
  })
  .openapi({ example: { id: '4', data: JSON.stringify(EXAMPLE_TASK_EVENT) } });

const socket = createRoute({
  method: 'get',
  path: '/api/pipeline/progress/{task_id}',
  tags: ['Progress'],
  summary: 'The same events over a WebSocket',
  description:
    'Each message is one event as JSON. Earlier events are replayed as for server-sent events. The socket is closed with 1000 after the last event, and with 1012 if the server restarts: reconnect with `since`.',
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
  summary: 'Server-sent events: earlier events, then live ones, until the end',
  description:
    'Stage events have no event name, and their `seq` as `id:`. `activity_progress` reports progress within a long stage, and `heartbeat` shows that the connection is alive; neither has an id. A comment is sent every 15 s.',
  request: {
    params: TaskParams,
    headers: z.object({
      'last-event-id': Seq.openapi({
        pattern: '^\\d{0,15}$',
        description:
          'The last event that the client has. Only later events are sent. An empty header counts as absent.',
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
    204: { description: 'The client already has the last event.' },
    ...problems('TASK_NOT_FOUND', 'INPUT_INVALID', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function eventRoutes({ hub, limits, access }: Pick<ApiDeps, 'hub' | 'limits' | 'access'>) {
  /** The owner is known once the task is submitted, so clients that waited for that are checked too. */
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
    // A client that reconnects repeats the query of its first request; the header is newer.
    const since = parseSeq(c.req.header('last-event-id') || c.req.query('since'));
    const waitS = parseWait(c.req.query('wait'), undefined) ?? 0;
    const outgoing = c.env?.outgoing;
    const stream = createEventStream({
      maxQueuedBytes: limits.eventQueueBytes,
      disconnect: () => outgoing?.destroy(),
    });
    const follow = () => followOwn(c, taskId, since, stream.reader);
    stream.onLeave(await whenSubmitted(follow, waitS * 1000, c.req.raw.signal));
    const { isOver } = stream;
    const isHead = c.req.method === 'HEAD';
    if (isHead) {
      await stream.body.cancel();
    }
    if (isOver) {
      // After 204 an EventSource does not reconnect.
      return c.body(null, 204);
    }
    return isHead ? c.body(null, 200, HEADERS) : c.body(stream.body, 200, HEADERS);
  });
}

/** A client that chose the task id may listen before it submits. `?wait=N` is how long the server waits for that. */
async function whenSubmitted<T>(follow: () => Promise<T>, waitMs: number, signal: AbortSignal): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await follow();
    } catch (error) {
      const isUnknown = isFailure(error, 'TASK_NOT_FOUND');
      if (!isUnknown || signal.aborted || Date.now() >= deadline) {
        throw error;
      }
    }
    await sleep(POLL_INTERVAL_MS);
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
