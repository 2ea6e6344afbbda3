import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { EXAMPLE_TASK_ID } from '../../contracts/schemas/primitives.ts';
import { EXAMPLE_TASK_EVENT } from '../../contracts/schemas/stage-event.ts';
import { isFailure, PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { createEventStream } from '../progress/event-stream.ts';
import { followMany } from '../progress/merged-reader.ts';
import type { ProgressReader } from '../progress/progress-reader.ts';
import { createSocketReader } from '../progress/socket-reader.ts';
import { parseWait } from '../submit/wait-preference.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { assertOwn } from '../tasks/task-owners.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

/** For tasks that are submitted to another API process. */
const POLL_INTERVAL_MS = 1_000;

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
      .enum(['message', 'activity_progress', 'heartbeat', 'end'])
      .optional()
      .openapi({ description: 'Absent for a stage event, which parsers read as `message`.' }),
    data: z.string().openapi({ description: 'JSON. For a stage event, a `TaskEvent`.' }),
  })
  .openapi({ example: { id: '4', data: JSON.stringify(EXAMPLE_TASK_EVENT) } });

const socket = createRoute({
  method: 'get',
  path: '/api/pipeline/progress/{task_id}',
  tags: ['Follow'],
  summary: 'The same events over a WebSocket',
  description:
    'Each message is one event as JSON. Earlier events are replayed as for server-sent events. The socket is closed with 1000 after the last event, and with 1012 if the server restarts: reconnect with `since`.',
  request: { params: TaskParams, query: Query },
  responses: {
    101: { description: 'A WebSocket.' },
    ...problems(
      'UPGRADE_REQUIRED',
      'TASK_NOT_FOUND',
      'INPUT_INVALID',
      'QUOTA_EXCEEDED',
      'TEMPORAL_UNAVAILABLE',
    ),
  },
});

const events = createRoute({
  method: 'get',
  path: '/api/pipeline/progress/{task_id}/events',
  tags: ['Follow'],
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
    ...problems('TASK_NOT_FOUND', 'INPUT_INVALID', 'QUOTA_EXCEEDED', 'TEMPORAL_UNAVAILABLE'),
  },
});

const MAX_TASKS = 100;
/** Each task adds about 10 kB when its events are replayed. */
const REPLAY_BYTES = 32 * 1024;

const manyEvents = createRoute({
  method: 'get',
  path: '/api/pipeline/progress',
  tags: ['Follow'],
  summary: 'Server-sent events of several tasks over one connection',
  description:
    'A browser opens at most six connections to a server that has no HTTP/2, so a page follows all of its tasks over one. The events are those of the single tasks. An `end` event follows the last event of each task, or comes at once with `"code":"TASK_NOT_FOUND"`; the stream ends with the last task. To add a task or after a lost connection, connect again with the last `seq` of each task.',
  request: {
    query: z.object({
      tasks: z.string().openapi({
        description: `Task ids separated by commas, each followed by \`:\` and the last \`seq\` that the client has, if any. At most ${MAX_TASKS}.`,
        example: `${EXAMPLE_TASK_ID}:4,7c9e6679-7425-40de-944b-e07fc1f90ae7`,
      }),
    }),
  },
  responses: {
    200: {
      description: 'A stream of events; the `data` of an `end` event is an `EndEvent`.',
      content: { 'text/event-stream': { schema: SentEvent } },
    },
    ...problems('INPUT_INVALID', 'QUOTA_EXCEEDED', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function eventRoutes({ hub, limits, access }: Pick<ApiDeps, 'hub' | 'limits' | 'access'>) {
  /** The owner is known once the task is submitted, so clients that waited for that are checked too. */
  const followOwn = async (c: Context<ApiEnv>, taskId: string, since: number, reader: ProgressReader) => {
    await assertOwn(access.findOwner, c.get('caller'), taskId);
    return hub.follow(taskId, since, reader);
  };

  /** Counts a stream until its reader leaves. Resolves to a function for then. */
  const asStream = async (c: Context<ApiEnv>, follow: () => Promise<() => void>): Promise<() => void> => {
    const stream = access.concurrency.enter('streams', c.get('client'));
    try {
      const leave = await follow();
      return () => {
        stream[Symbol.dispose]();
        leave();
      };
    } catch (error) {
      stream[Symbol.dispose]();
      throw error;
    }
  };

  /** A client that chose the task id may listen before it submits. `?wait=N` is how long the server waits for that. */
  const whenSubmitted = async (
    c: Context<ApiEnv>,
    taskId: string,
    follow: () => Promise<() => void>,
  ): Promise<() => void> => {
    const waitS = parseWait(c.req.query('wait'), undefined);
    if (waitS === undefined) {
      return follow();
    }
    using _waiter = access.concurrency.enter('waiters', c.get('client'));
    const { signal } = c.req.raw;
    const deadline = Date.now() + waitS * 1000;
    for (;;) {
      const leftMs = Math.max(0, deadline - Date.now());
      // Before it asks, so that no submission is missed in between.
      const submitted = hub.whenSubmitted(taskId, Math.min(POLL_INTERVAL_MS, leftMs), signal);
      try {
        return await follow();
      } catch (error) {
        const isUnknown = isFailure(error, 'TASK_NOT_FOUND');
        if (!isUnknown || signal.aborted || Date.now() >= deadline) {
          throw error;
        }
      }
      await submitted;
    }
  };
  const app = createRoutes();
  app.openapi(socket, async (c) => {
    const taskId = taskParam(c);
    const since = parseSeq(c.req.query('since'));
    const { acceptSocket } = c.env;
    if (!acceptSocket) {
      c.header('Upgrade', 'websocket');
      throw new PipelineError(
        'UPGRADE_REQUIRED',
        'Expected a WebSocket. For server-sent events add /events.',
      );
    }
    const { reader, open, close, onLeave } = createSocketReader({ maxQueuedBytes: limits.eventQueueBytes });
    const follow = () => followOwn(c, taskId, since, reader);
    onLeave(await asStream(c, () => whenSubmitted(c, taskId, follow)));
    acceptSocket({ onOpen: open, onClose: close });
    return c.body(null, 200);
  });
  app.openapi(manyEvents, async (c) => {
    const tasks = parseTasks(c.req.query('tasks'));
    const outgoing = c.env?.outgoing;
    const stream = createEventStream({
      maxQueuedBytes: limits.eventQueueBytes + REPLAY_BYTES * tasks.length,
      disconnect: () => outgoing?.destroy(),
    });
    const follow = ({ id, since }: { id: string; since: number }, reader: ProgressReader) =>
      followOwn(c, id, since, reader);
    stream.onLeave(await asStream(c, () => followMany(tasks, follow, stream.reader)));
    if (c.req.method === 'HEAD') {
      await stream.body.cancel();
      return c.body(null, 200, HEADERS);
    }
    return c.body(stream.body, 200, HEADERS);
  });
  return app.openapi(events, async (c) => {
    const taskId = taskParam(c);
    // A client that reconnects repeats the query of its first request; the header is newer.
    const since = parseSeq(c.req.header('last-event-id') || c.req.query('since'));
    const outgoing = c.env?.outgoing;
    const stream = createEventStream({
      maxQueuedBytes: limits.eventQueueBytes,
      disconnect: () => outgoing?.destroy(),
    });
    const follow = () => followOwn(c, taskId, since, stream.reader);
    stream.onLeave(await asStream(c, () => whenSubmitted(c, taskId, follow)));
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

function parseTasks(text = ''): Array<{ id: string; since: number }> {
  const parts = text.split(',').filter((part) => part !== '');
  if (parts.length === 0 || parts.length > MAX_TASKS) {
    throw new PipelineError(
      'INPUT_INVALID',
      `tasks: expected 1 to ${MAX_TASKS} task ids separated by commas but received ${parts.length}.`,
    );
  }
  const tasks = parts.map((part) => {
    const [id = '', since] = part.split(':');
    const taskId = parseTaskId(id);
    if (!taskId) {
      throw new PipelineError('INPUT_INVALID', `tasks: expected the UUID of a task but received "${id}".`);
    }
    return [taskId, parseSeq(since)] as const;
  });
  return [...new Map(tasks)].map(([id, since]) => ({ id, since }));
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
