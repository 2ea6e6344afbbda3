import { setTimeout as sleep } from 'node:timers/promises';
import { createRoute, z } from '@hono/zod-openapi';
import { taskKeys } from '../../contracts/task-keys.ts';
import { VIDEO_FORMATS, VIDEO_TYPES, type VideoFormat } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';
import { partName } from '../../media/encode/part-name.ts';
import { SHOWS_ITSELF } from '../access/security-headers.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

/** A part is two seconds of video, and takes less than one second to make. */
const POLL_INTERVAL_MS = 300;
/** How many polls for parts pass before it checks again whether the task is running. */
const POLLS_PER_STATUS_CHECK = 7;

interface GrowingTalk {
  taskId: string;
  format: VideoFormat;
}

type PreviewDeps = Pick<ApiDeps, 'store' | 'jobs' | 'records'> & {
  access: Pick<ApiDeps['access'], 'concurrency'>;
};

const FILE = z.string().openapi({ format: 'binary' });

const route = createRoute({
  method: 'get',
  path: '/api/pipeline/tasks/{task_id}/preview',
  tags: ['Files'],
  summary: 'The video while it is being made',
  description:
    'A fragmented MP4, or a WebM if the background is transparent, that grows with the talk: a player starts at once and continues as parts arrive. Only the built-in renderer has previews. Redirects to the video once it is finished.',
  request: { params: TaskParams },
  responses: {
    200: {
      description: 'The parts so far, then the rest as it is made.',
      content: Object.fromEntries(VIDEO_FORMATS.map((format) => [VIDEO_TYPES[format], { schema: FILE }])),
    },
    303: { description: 'The video is finished; `Location` is its URL.' },
    ...problems(
      'TASK_NOT_FOUND',
      'OBJECT_NOT_FOUND',
      'VIDEO_NOT_READY',
      'QUOTA_EXCEEDED',
      'TEMPORAL_UNAVAILABLE',
    ),
  },
});

export function previewRoutes(deps: PreviewDeps) {
  return createRoutes().openapi(route, async (c) => {
    const taskId = taskParam(c);
    const { stage, error, result } = await readTaskStatus(deps, taskId);
    if (result) {
      // Keeps the query: a signed link gives access to both.
      return c.redirect(`/api/pipeline/tasks/${taskId}/video${new URL(c.req.url).search}`, 303);
    }
    if (error) {
      throw new PipelineError(
        'OBJECT_NOT_FOUND',
        `There is no preview: the task ended as ${stage}. ${error.message}`,
      );
    }
    const format = await formatOfParts(deps, taskId);
    if (!format) {
      throw new PipelineError(
        'VIDEO_NOT_READY',
        `There is no preview yet: the task is at ${stage}. Try again in a second.`,
      );
    }
    c.header('Content-Type', VIDEO_TYPES[format]);
    c.header('Content-Security-Policy', SHOWS_ITSELF);
    c.header('Cache-Control', 'no-store');
    if (c.req.method === 'HEAD') {
      return c.body(null);
    }
    const { signal } = c.req.raw;
    const stream = deps.access.concurrency.enter('streams', c.get('client'));
    // The generator does not even begin if the client leaves at once.
    signal.addEventListener('abort', () => stream[Symbol.dispose]());
    return c.body(
      ReadableStream.from(partsOf(deps, { taskId, format }, { signal, stream })) as ReadableStream,
    );
  });
}

/** Yields the parts as they arrive. Ends with the task, or when the reader leaves. */
async function* partsOf(
  deps: PreviewDeps,
  talk: GrowingTalk,
  { signal, stream }: { signal: AbortSignal; stream: Disposable },
): AsyncGenerator<Uint8Array> {
  using _stream = stream;
  let index = 0;
  for (let polls = 1; !signal.aborted; ) {
    if (await hasPart(deps, talk, index)) {
      yield await deps.store.read(partKey(talk, index));
      index += 1;
      continue;
    }
    if (polls % POLLS_PER_STATUS_CHECK === 0 && (await hasEnded(deps, talk.taskId))) {
      return;
    }
    polls += 1;
    await sleep(POLL_INTERVAL_MS);
  }
}

async function hasEnded(deps: PreviewDeps, taskId: string): Promise<boolean> {
  const { result, error } = await readTaskStatus(deps, taskId);
  return result !== undefined || error !== undefined;
}

/** Undefined while no part has pictures yet. */
async function formatOfParts(deps: PreviewDeps, taskId: string): Promise<VideoFormat | undefined> {
  for (const format of VIDEO_FORMATS) {
    if (await hasPart(deps, { taskId, format }, 1)) {
      return format;
    }
  }
}

async function hasPart({ store }: PreviewDeps, talk: GrowingTalk, index: number): Promise<boolean> {
  return (await store.stat(partKey(talk, index))) !== undefined;
}

function partKey({ taskId, format }: GrowingTalk, index: number): string {
  return `${taskKeys(taskId).parts}${partName(index, format)}`;
}
