import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { taskKeys } from '../../contracts/task-keys.ts';
import { toFileName } from '../../contracts/task-name.ts';
import { VIDEO_FORMATS, VIDEO_TYPES } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';
import { openCounted } from '../access/concurrency.ts';
import { SHOWS_ITSELF } from '../access/security-headers.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { isRangeFresh, isUnchanged, parseByteRange } from '../http/partial-content.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

/** The extensions that each file can have. */
const FILES = {
  video: VIDEO_FORMATS,
  photo: ['png'],
  cutout: ['png'],
  mask: ['png'],
  thumbnail: ['jpg'],
} as const;
type FileName = keyof typeof FILES;

const TYPES = { ...VIDEO_TYPES, png: 'image/png', jpg: 'image/jpeg' } as const;
type Ending = keyof typeof TYPES;

const Conditions = z.object({
  range: z.string().optional().openapi({ example: 'bytes=0-1023' }),
  'if-range': z.string().optional(),
  'if-none-match': z.string().optional(),
  'if-modified-since': z.string().optional(),
});

const toRoute = (name: FileName) => {
  const schema = z.string().openapi({ format: 'binary' });
  const content = Object.fromEntries(FILES[name].map((ending) => [TYPES[ending], { schema }]));
  const file = (description: string) => ({ description, content });
  return createRoute({
    method: 'get',
    path: `/api/pipeline/tasks/{task_id}/${name}`,
    tags: ['Files'],
    summary: `The ${name} of a task`,
    request: { params: TaskParams, headers: Conditions },
    responses: {
      200: file('All of it, with `ETag` and `Last-Modified`.'),
      206: file('The part that `Range` asks for.'),
      304: { description: 'The client has the current version.' },
      ...problems(
        'TASK_NOT_FOUND',
        'OBJECT_NOT_FOUND',
        'VIDEO_NOT_READY',
        'RANGE_NOT_SATISFIABLE',
        'QUOTA_EXCEEDED',
        'TEMPORAL_UNAVAILABLE',
      ),
    },
  });
};

export function fileRoutes(deps: Pick<ApiDeps, 'store' | 'jobs' | 'records' | 'names' | 'access'>) {
  async function serve(c: Context<ApiEnv>, name: FileName): Promise<Response> {
    const taskId = taskParam(c);
    const found = await findFile(deps, taskId, name);
    if (!found) {
      throw await whyMissing(deps, taskId, name);
    }
    const { key, ending } = found;
    const { bytes, modifiedAt, sha256 } = found.object;
    const validators = { etag: `"${sha256}"`, modifiedAt };
    c.header('ETag', validators.etag);
    c.header('Last-Modified', modifiedAt.toUTCString());
    c.header('Accept-Ranges', 'bytes');
    // Caches must ask each time whether the file still exists, because a task can be erased.
    c.header('Cache-Control', 'private, no-cache');
    const ifNoneMatch = c.req.header('if-none-match');
    const ifModifiedSince = c.req.header('if-modified-since');
    if (isUnchanged(validators, { ifNoneMatch, ifModifiedSince })) {
      return c.body(null, 304);
    }
    const range = isRangeFresh(validators, c.req.header('if-range'))
      ? parseByteRange(c.req.header('range'), bytes)
      : undefined;
    if (range === 'unsatisfiable') {
      c.header('Content-Range', `bytes */${bytes}`);
      throw new PipelineError('RANGE_NOT_SATISFIABLE', `Expected a range within ${bytes} bytes.`);
    }
    c.header('Content-Security-Policy', SHOWS_ITSELF);
    c.header('Content-Type', TYPES[ending]);
    c.header(
      'Content-Disposition',
      toDisposition(
        `limelight-${taskId}-${name}`,
        ending,
        range ? undefined : await nameOf(deps, taskId, name),
      ),
    );
    c.header('Content-Length', String(range ? range.end - range.start + 1 : bytes));
    if (range) {
      c.header('Content-Range', `bytes ${range.start}-${range.end}/${bytes}`);
    }
    const status = range ? 206 : 200;
    if (c.req.method === 'HEAD') {
      return c.body(null, status);
    }
    const { concurrency } = deps.access;
    const { stream } = await openCounted(concurrency, c.get('client'), () => deps.store.open(key, range));
    return c.body(Readable.toWeb(stream) as ReadableStream, status);
  }

  const app = createRoutes();
  for (const name of Object.keys(FILES) as FileName[]) {
    app.openapi(toRoute(name), (c) => serve(c, name));
  }
  return app;
}

/** The name of the task, for its video. Players, which ask for parts, do not need it. */
async function nameOf(
  { records, names }: Pick<ApiDeps, 'records' | 'names'>,
  taskId: string,
  name: FileName,
): Promise<string | undefined> {
  if (name !== 'video') {
    return undefined;
  }
  return (await names.read(taskId)) ?? (await records.read(taskId))?.options.name;
}

/** A browser prefers this name to the one in `<a download>`. */
function toDisposition(fallback: string, ending: Ending, name: string | undefined): string {
  if (name === undefined) {
    return `inline; filename="${fallback}.${ending}"`;
  }
  const file = toFileName(name, ending);
  const ascii = file.replaceAll(/[^\x20-\x7e]|["%\\]/g, '_');
  return `inline; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(file).replaceAll(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

/** A file exists with one of its extensions only. */
async function findFile({ store }: Pick<ApiDeps, 'store'>, taskId: string, name: FileName) {
  for (const key of keysOf(taskId, name)) {
    const object = await store.stat(key);
    if (object) {
      return { key, object, ending: extname(key).slice(1) as Ending };
    }
  }
}

/** Best first. */
function keysOf(taskId: string, name: FileName): string[] {
  if (name === 'video') {
    return VIDEO_FORMATS.map((format) => taskKeys(taskId, format).video);
  }
  const keys = taskKeys(taskId);
  return name === 'photo' ? [keys.turned, keys.photo] : [keys[name]];
}

async function whyMissing(
  deps: Pick<ApiDeps, 'jobs' | 'records'>,
  taskId: string,
  name: FileName,
): Promise<PipelineError> {
  const { stage, error, result } = await readTaskStatus(deps, taskId);
  if (error) {
    return new PipelineError(
      'OBJECT_NOT_FOUND',
      `There is no ${name}: the task ended as ${stage}. ${error.message}`,
    );
  }
  return result
    ? new PipelineError('OBJECT_NOT_FOUND', `The ${name} of this task has been deleted.`)
    : new PipelineError(
        'VIDEO_NOT_READY',
        `The ${name} is not ready yet: the task is at ${stage}. Follow its events, and request the file again at the end.`,
      );
}
