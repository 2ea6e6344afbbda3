import { setTimeout as sleep } from 'node:timers/promises';
import { createRoute, z } from '@hono/zod-openapi';
import { taskKeys } from '../../contracts/task-keys.ts';
import { PipelineError } from '../../errors.ts';
import { partName } from '../../media/part-name.ts';
import type { ApiDeps } from '../api-deps.ts';
import { createRoutes } from '../api-routes.ts';
import { SHOWS_ITSELF } from '../security-headers.ts';
import { taskParam } from '../task-param.ts';
import { readTaskStatus } from '../task-status.ts';
import { problems } from '../wire/problem.ts';
import { TaskParams } from '../wire/task.ts';

/** A part is two seconds of video, made in less than one. */
const LOOK_EVERY_MS = 300;
/** Looks between two questions whether the task goes on. */
const ASK_EVERY = 7;

type PreviewDeps = Pick<ApiDeps, 'store' | 'jobs' | 'records'>;

const route = createRoute({
  method: 'get',
  path: '/api/pipeline/tasks/{task_id}/preview',
  tags: ['Files'],
  summary: 'The video while it is made',
  description:
    'A fragmented MP4 that grows with the talk: a player starts at once and goes on as parts come. Only the built-in renderer has one. Once the video is there, this leads to it.',
  request: { params: TaskParams },
  responses: {
    200: {
      description: 'What there is so far, then the rest as it is made.',
      content: { 'video/mp4': { schema: z.string().openapi({ format: 'binary' }) } },
    },
    303: { description: 'The video is finished: `Location` is where.' },
    ...problems('TASK_NOT_FOUND', 'OBJECT_NOT_FOUND', 'VIDEO_NOT_READY', 'TEMPORAL_UNAVAILABLE'),
  },
});

export function previewRoutes(deps: PreviewDeps) {
  return createRoutes().openapi(route, async (c) => {
    const taskId = taskParam(c);
    const { stage, error, result } = await readTaskStatus(deps, taskId);
    if (result) {
      return c.redirect(`/api/pipeline/tasks/${taskId}/video`, 303);
    }
    if (error) {
      throw new PipelineError(
        'OBJECT_NOT_FOUND',
        `There is no preview: the task ended as ${stage}. ${error.message}`,
      );
    }
    if (!(await hasPart(deps, taskId, 1))) {
      throw new PipelineError(
        'VIDEO_NOT_READY',
        `There is nothing to be seen yet: the task is at ${stage}. Ask again in a second.`,
      );
    }
    c.header('Content-Type', 'video/mp4');
    c.header('Content-Security-Policy', SHOWS_ITSELF);
    c.header('Cache-Control', 'no-store');
    return c.body(ReadableStream.from(partsOf(deps, taskId, c.req.raw.signal)) as ReadableStream);
  });
}

/** One part after another, as they come; ends with the task, or with the reader. */
async function* partsOf(deps: PreviewDeps, taskId: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let index = 0;
  for (let look = 1; !signal.aborted; ) {
    if (await hasPart(deps, taskId, index)) {
      yield await deps.store.read(partKey(taskId, index));
      index += 1;
      continue;
    }
    if (look % ASK_EVERY === 0 && (await hasEnded(deps, taskId))) {
      return;
    }
    look += 1;
    await sleep(LOOK_EVERY_MS);
  }
}

async function hasEnded(deps: PreviewDeps, taskId: string): Promise<boolean> {
  const { result, error } = await readTaskStatus(deps, taskId);
  return result !== undefined || error !== undefined;
}

async function hasPart({ store }: PreviewDeps, taskId: string, index: number): Promise<boolean> {
  return (await store.stat(partKey(taskId, index))) !== undefined;
}

function partKey(taskId: string, index: number): string {
  return `${taskKeys(taskId).parts}${partName(index)}`;
}
