import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type EventMessage, readEventMessages } from '../../src/client/event-messages.ts';
import type { EndEvent, TaskEvent } from '../../src/contracts/schemas/stage-event.ts';
import { isTerminal, type Stage } from '../../src/contracts/stages.ts';
import { ignoreFailure } from '../../src/errors.ts';
import type { ReaderLog, SeenEvent } from './evidence.ts';
import type { PlannedJob } from './plan.ts';

const RECONNECT_MS = 200;
/** A server shows a sign of life every 15 s. */
const SILENCE_MS = 45_000;
/** A reader that cuts itself off does so this often at most. */
const MAX_CUTS = 3;
/** How long the server waits for a task that is not submitted yet. */
const WAIT_S = 60;

export interface ReaderOptions {
  taskId: string;
  reader: PlannedJob['readers'][number] | { kind: 'late'; cutAfter: 0 };
  /** It connects to them in turn. */
  apiUrls: string[];
  apiKey: string;
  /** Whether the events go on after an end with this number, because the task was retried. */
  goesOn(seq: number): Promise<boolean>;
  /** Whether the task was accepted. Before that there may be no such task, however long the reader waits. */
  isSubmitted(): boolean;
  signal: AbortSignal;
}

/** Why a connection ended: the task may have more events, has ended, or is not there. */
type Closed = 'lost' | 'ended' | 'gone';

/**
 * Records every event in the order of arrival. It does not check what should arrive; it only asks each new connection to go
 * on after the last event that it has.
 */
export async function readTask(options: ReaderOptions): Promise<ReaderLog> {
  const { taskId, reader, apiUrls, apiKey, goesOn, isSubmitted, signal } = options;
  const log: ReaderLog = { taskId, kind: reader.kind, connections: 0, events: [], end: 'never' };
  const last = () => log.events.at(-1);
  while (!signal.aborted) {
    const url = apiUrls[log.connections % apiUrls.length]!;
    log.connections += 1;
    const mayCut = reader.cutAfter > 0 && log.connections <= MAX_CUTS;
    const enoughAt = mayCut ? log.events.length + reader.cutAfter : Number.POSITIVE_INFINITY;
    const connection: Connection = {
      url,
      apiKey,
      taskId,
      since: last()?.seq ?? 0,
      signal,
      /** @returns whether the reader wants more on this connection */
      take(event) {
        log.events.push(event);
        return log.events.length < enoughAt;
      },
    };
    const wasSubmitted = isSubmitted();
    const closed = await CONNECT[reader.kind](connection).catch(() => 'lost' as const);
    const end = last();
    if (closed === 'gone' && wasSubmitted) {
      log.end = 'gone';
      return log;
    }
    if (end && isTerminal(end.stage as Stage) && !(await goesOn(end.seq))) {
      log.end = 'ended';
      return log;
    }
    // An end without a last event is an end too: the check then misses the events.
    if (closed === 'ended' && !(end && isTerminal(end.stage as Stage))) {
      return log;
    }
    await ignoreFailure(sleep(RECONNECT_MS, undefined, { signal }), 'the loop ends with the signal');
  }
  return log;
}

interface Connection {
  url: string;
  apiKey: string;
  taskId: string;
  since: number;
  signal: AbortSignal;
  take(event: SeenEvent): boolean;
}

const CONNECT: Record<ReaderLog['kind'], (connection: Connection) => Promise<Closed>> = {
  sse: (connection) => readStream(connection, `?wait=${WAIT_S}`),
  late: (connection) => readStream(connection, ''),
  merged: readMerged,
  websocket: readSocket,
};

async function readStream(connection: Connection, query: string): Promise<Closed> {
  const { taskId, since } = connection;
  const answer = await get(connection, `/api/pipeline/progress/${taskId}/events${query}`, {
    'Last-Event-ID': String(since),
  });
  if (answer.status === 404) return 'gone';
  if (answer.status === 204) return 'ended';
  return readBody(connection, answer, () => undefined);
}

async function readMerged(connection: Connection): Promise<Closed> {
  const { taskId, since } = connection;
  const answer = await get(connection, `/api/pipeline/progress?tasks=${taskId}:${since}`);
  return readBody(connection, answer, ({ event, data }) => {
    if (event !== 'end') return undefined;
    return (data as EndEvent).code === 'TASK_NOT_FOUND' ? 'gone' : 'ended';
  });
}

function get({ url, apiKey, signal }: Connection, path: string, headers = {}): Promise<Response> {
  return fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${apiKey}`, ...headers }, signal });
}

async function readBody(
  { take }: Connection,
  { ok, body }: Response,
  toClosed: (message: EventMessage) => Closed | undefined,
): Promise<Closed> {
  if (!ok || !body) {
    await body?.cancel();
    return 'lost';
  }
  for await (const message of readEventMessages(body)) {
    const closed = toClosed(message);
    if (closed) return closed;
    if (message.event === undefined && !take(toSeen(message.data as TaskEvent))) {
      await body.cancel().catch(() => undefined);
      return 'lost';
    }
  }
  return 'lost';
}

async function readSocket({ url, apiKey, taskId, since, signal, take }: Connection): Promise<Closed> {
  const address = `${url.replace('http', 'ws')}/api/pipeline/progress/${taskId}?since=${since}&wait=${WAIT_S}`;
  const socket = new WebSocket(address, { headers: { Authorization: `Bearer ${apiKey}` } });
  const stop = () => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  let silence = setTimeout(stop, SILENCE_MS);
  const live = () => {
    clearTimeout(silence);
    silence = setTimeout(stop, SILENCE_MS);
  };
  let isGone = false;
  socket.on('unexpected-response', (_, { statusCode }) => {
    isGone = statusCode === 404;
    socket.terminate();
  });
  socket.on('error', () => undefined);
  socket.on('ping', live);
  let hasEnough = false;
  socket.on('message', (text) => {
    live();
    const event = JSON.parse(String(text)) as TaskEvent;
    // What was already on its way after the last wanted event was not read.
    if (event.event_type === 'stage_update' && !hasEnough && !take(toSeen(event))) {
      hasEnough = true;
      socket.terminate();
    }
  });
  const [code] = (await once(socket, 'close')) as [number];
  clearTimeout(silence);
  signal.removeEventListener('abort', stop);
  if (isGone) return 'gone';
  return code === 1000 && !hasEnough ? 'ended' : 'lost';
}

function toSeen({ seq, data }: TaskEvent): SeenEvent {
  return { seq, stage: data.stage, message: data.message };
}
