import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { listLabels } from '../../contracts/media-types.ts';
import { PhotoPreview, type PreviewFacts, PreviewOptions } from '../../contracts/schemas/photo-preview.ts';
import { EXAMPLE_TASK_ID } from '../../contracts/schemas/primitives.ts';
import { previewKeys } from '../../contracts/task-keys.ts';
import { ignoreFailure, isFailure, PipelineError } from '../../errors.ts';
import { submitterOf } from '../access/caller.ts';
import { openCounted } from '../access/concurrency.ts';
import { SHOWS_ITSELF } from '../access/security-headers.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { toFormRequest } from '../submit/form-request.ts';
import { listMimes, toTextFields } from '../submit/job-fields.ts';
import { toUploadRules } from '../submit/limits.ts';
import { type ReceivedForm, receiveForm, toMaxBytes } from '../submit/multipart.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const FIELDS = toTextFields(
  PreviewOptions.extend({ conf_threshold: PreviewOptions.shape.conf_threshold.optional() }),
);
const Form = FIELDS.extend({
  image: z.string().openapi({
    format: 'binary',
    description: `${listLabels('picture')}, at most 25 MB and 50 megapixels.`,
  }),
});

const make = createRoute({
  method: 'post',
  path: '/api/pipeline/previews',
  tags: ['Make'],
  summary: 'Show what a task would make of a photo',
  description:
    'Finds the people, checks whether their faces can be animated, and cuts one of them out, usually in about a second. Every task goes first. A task with the same photo starts with this work done. Closing the connection stops the work. Everything of a preview is deleted after an hour, except results that a task has used.',
  request: {
    body: {
      required: true,
      // A reference: with the schema itself, Hono would read the whole body into memory.
      content: {
        'multipart/form-data': {
          schema: { $ref: '#/components/schemas/PreviewForm' },
          encoding: { image: { contentType: listMimes('picture') } },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'What was found.',
      content: { 'application/json': { schema: PhotoPreview } },
    },
    ...problems(
      'REQUEST_MALFORMED',
      'UPLOAD_INCOMPLETE',
      'UPLOAD_TOO_LARGE',
      'UPLOAD_TIMEOUT',
      'MEDIA_UNSUPPORTED',
      'MEDIA_UNDECODABLE',
      'IMAGE_TOO_LARGE',
      'IMAGE_TOO_SMALL',
      'PERSON_CHOICE_INVALID',
      'INPUT_INVALID',
      'QUOTA_EXCEEDED',
      'STORAGE_FULL',
      'TEMPORAL_UNAVAILABLE',
    ),
  },
});

const PreviewParams = z.object({
  preview_id: z.string().openapi({
    param: { name: 'preview_id', in: 'path' },
    format: 'uuid',
    example: EXAMPLE_TASK_ID,
  }),
});

const toFileRoute = <P extends string, S extends z.ZodRawShape>(path: P, summary: string, params: S) =>
  createRoute({
    method: 'get',
    path,
    tags: ['Make'],
    summary,
    request: { params: PreviewParams.extend(params) },
    responses: {
      200: {
        description: 'A small picture. It never changes, and is deleted after an hour.',
        content: { 'image/webp': { schema: z.string().openapi({ format: 'binary' }) } },
      },
      ...problems('OBJECT_NOT_FOUND', 'QUOTA_EXCEEDED'),
    },
  });

const cutout = toFileRoute(
  '/api/pipeline/previews/{preview_id}/cutout',
  'The person of a preview, with alpha',
  {},
);
const face = toFileRoute(
  '/api/pipeline/previews/{preview_id}/faces/{person}',
  'The face of a person in a preview',
  { person: z.string().openapi({ param: { name: 'person', in: 'path' }, example: '1' }) },
);

export function photoPreviewRoutes(deps: ApiDeps) {
  const { image } = toUploadRules(deps.limits);

  async function serve(c: Context<ApiEnv>, toKey: (keys: ReturnType<typeof previewKeys>) => string) {
    const previewId = parseTaskId(c.req.param('preview_id') ?? '');
    const open = (key: string) =>
      openCounted(deps.access.concurrency, c.get('client'), () => deps.store.open(key));
    const found =
      previewId &&
      (await open(toKey(previewKeys(previewId, c.get('caller')?.owner))).catch((error) => {
        if (isFailure(error, 'OBJECT_NOT_FOUND')) return undefined;
        throw error;
      }));
    if (!found) {
      throw new PipelineError(
        'OBJECT_NOT_FOUND',
        'There is no such picture. A preview is deleted after an hour: send the photo again.',
      );
    }
    c.header('Content-Type', 'image/webp');
    c.header('Content-Length', String(found.bytes));
    c.header('Content-Security-Policy', SHOWS_ITSELF);
    c.header('Cache-Control', 'private, no-store');
    if (c.req.method === 'HEAD') {
      found.stream.destroy();
      return c.body(null, 200);
    }
    return c.body(Readable.toWeb(found.stream) as ReadableStream, 200);
  }

  const routes = createRoutes();
  routes.openAPIRegistry.register('PreviewForm', Form);
  return routes
    .openapi(make, async (c) => {
      const previewId = randomUUID();
      const caller = c.get('caller');
      const request = toFormRequest(c);
      using _upload = deps.access.concurrency.enter('uploads', c.get('client'));
      using _quota = await deps.access.quota.reserve(caller, {
        id: previewId,
        bytes: request.contentLength ?? toMaxBytes({ image }),
      });
      using _space = await deps.admission.admit();
      await using folder = await deps.store.scratch();
      const form = await receiveForm(request, { folder, rules: { image } });
      const { photo, options } = parseForm(form, deps.defaults);
      const owner = caller?.owner;
      const { upload, prefix } = previewKeys(previewId, owner);
      const signal = c.req.raw.signal;
      signal.throwIfAborted();
      const stored = await deps.store.put(upload, photo);
      try {
        const input = { previewId, image: stored, options, ...submitterOf(caller) };
        return c.json(toPreview(previewId, await deps.previews.make(input, signal)), 200);
      } catch (error) {
        // The workflow does so too, if it was started and a worker runs.
        await ignoreFailure(deps.store.deleteAll(prefix), 'retention deletes what stays after an hour');
        throw error;
      }
    })
    .openapi(cutout, (c) => serve(c, (keys) => keys.cutout))
    .openapi(face, (c) => serve(c, (keys) => keys.face(Number.parseInt(c.req.param('person'), 10) || 0)));
}

/** @throws PipelineError INPUT_INVALID with every fault at once */
function parseForm({ texts, files, faults }: ReceivedForm, defaults: ApiDeps['defaults']) {
  const found = new Map(faults);
  const parsed = FIELDS.safeParse(Object.fromEntries(texts));
  for (const issue of parsed.error?.issues ?? []) {
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')];
    for (const name of names) {
      found.set(name, issue.code === 'unrecognized_keys' ? 'unknown field' : issue.message);
    }
  }
  const photo = files.get('image');
  if (!photo && !found.has('image')) {
    found.set('image', `expected a photo (${listLabels('picture')}) but received none`);
  }
  if (found.size > 0 || !parsed.success || !photo) {
    throw new PipelineError(
      'INPUT_INVALID',
      [...found].map(([name, fault]) => `${name}: ${fault}`).join('; '),
      { details: Object.fromEntries(found) },
    );
  }
  const options: PreviewOptions = {
    ...parsed.data,
    conf_threshold: parsed.data.conf_threshold ?? defaults.confThreshold,
  };
  return { photo, options };
}

function toPreview(previewId: string, { has_cutout, persons, ...facts }: PreviewFacts): PhotoPreview {
  const preview = `/api/pipeline/previews/${previewId}`;
  return {
    preview_id: previewId,
    ...facts,
    persons: persons.map((person) => ({ ...person, face_url: `${preview}/faces/${person.id}` })),
    ...(has_cutout && { cutout_url: `${preview}/cutout` }),
  };
}
