import { randomUUID } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { NORMAL_PRIORITY } from '../../contracts/job.ts';
import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import { TaskOutcome } from '../../contracts/schemas/job-outcome.ts';
import { AcceptedTask } from '../../contracts/schemas/task-status.ts';
import { taskUrls, toTaskOutcome } from '../../contracts/schemas/task-urls.ts';
import { PipelineError } from '../../errors.ts';
import { type Caller, isAllowed, submitterOf } from '../access/caller.ts';
import type { ApiEnv } from '../http/api-env.ts';
import type { ProgressHub } from '../progress/progress-hub.ts';
import { assertRendererServed } from '../submit/choose-provider.ts';
import { fetchOrder } from '../submit/fetch-media.ts';
import { toFormRequest } from '../submit/form-request.ts';
import { createSubmission, SUBMIT_CONTENT } from '../submit/job-fields.ts';
import { parseJobForm } from '../submit/job-form.ts';
import { toUploadRules } from '../submit/limits.ts';
import { receiveForm, toMaxBytes } from '../submit/multipart.ts';
import { type ChosenId, submitJob } from '../submit/submit-job.ts';
import { parseWait } from '../submit/wait-preference.ts';
import { parseTaskId, taskIdOfKey } from '../tasks/task-id.ts';
import { TaskParams } from '../tasks/task-param.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const Waiting = z.object({
  wait: z.string().optional().openapi({
    type: 'integer',
    minimum: 0,
    maximum: 999_999_999,
    description: 'Seconds to wait for the end, at most 300. The same as `Prefer: wait=N`.',
    example: 60,
  }),
});
const Prefer = z.object({ prefer: z.string().optional().openapi({ example: 'wait=60' }) });
const IdempotencyKey = z.object({
  'idempotency-key': z.string().optional().openapi({
    minLength: 1,
    maxLength: 255,
    description: 'Repeated requests with the same key and content return the same task.',
    example: '0d1f6a3e-order-17',
  }),
});

const BODY = { required: true, content: SUBMIT_CONTENT };
const HEADERS = {
  Location: { schema: { type: 'string' as const }, description: 'The `status_url`.' },
  'Idempotent-Replayed': {
    schema: { type: 'string' as const, enum: ['true'] },
    description: 'This submission was received before.',
  },
};
const ANSWERS = {
  200: {
    description: 'The task ended while the request waited.',
    content: { 'application/json': { schema: TaskOutcome } },
    headers: HEADERS,
  },
  202: {
    description: 'Accepted: the files and the task are stored durably.',
    content: { 'application/json': { schema: AcceptedTask } },
    headers: HEADERS,
  },
  ...problems(
    'REQUEST_MALFORMED',
    'UPLOAD_INCOMPLETE',
    'UPLOAD_TOO_LARGE',
    'UPLOAD_TIMEOUT',
    'MEDIA_UNSUPPORTED',
    'INPUT_INVALID',
    'IDEMPOTENCY_CONFLICT',
    'ERASE_UNDER_WAY',
    'URL_FORBIDDEN',
    'URL_UNREACHABLE',
    'QUOTA_EXCEEDED',
    'STORAGE_FULL',
    'MODEL_MISSING',
    'TEMPORAL_UNAVAILABLE',
  ),
};

const generate = createRoute({
  method: 'post',
  path: '/api/pipeline/generate',
  tags: ['Make'],
  summary: 'Make a talking video',
  request: { query: Waiting, headers: Prefer.extend(IdempotencyKey.shape), body: BODY },
  responses: ANSWERS,
});

const put = createRoute({
  method: 'put',
  path: '/api/pipeline/tasks/{task_id}',
  tags: ['Make'],
  summary: 'Make a talking video under a task id of your own',
  description:
    'With a UUID of its own, a client can listen before it submits, and safely repeat a submission whose answer was lost.',
  request: { params: TaskParams, query: Waiting, headers: Prefer, body: BODY },
  responses: ANSWERS,
});

export function submitRoutes(deps: ApiDeps) {
  const rules = toUploadRules(deps.limits);

  async function submit(c: Context<ApiEnv>, chosen: ChosenId) {
    c.set('taskId', chosen.id);
    const waitS = parseWait(c.req.query('wait'), c.req.header('prefer'));
    const caller = c.get('caller');
    const client = c.get('client');
    const request = toFormRequest(c);
    using _waiter = waitS === undefined ? undefined : deps.access.concurrency.enter('waiters', client);
    using upload = deps.access.concurrency.enter('uploads', client);
    // A body of unknown length may be as long as a form can be.
    const { contentLength: bytes = toMaxBytes(rules) } = request;
    using _quota = await deps.access.quota.reserve(caller, { id: chosen.id, bytes });
    using space = await deps.admission.admit();
    await using folder = await deps.store.scratch();
    const form = await receiveForm(request, { folder, rules });
    const order = parseJobForm(form, deps.defaults, deps.providers);
    assertMayOvertake(caller, order.options.priority);
    await assertRendererServed(deps, order.options.provider);
    const timeout = AbortSignal.timeout(deps.limits.urlTimeoutMs);
    const ready = await fetchOrder(order, {
      outbound: deps.outbound,
      folder,
      rules,
      signal: AbortSignal.any([timeout, c.req.raw.signal]),
    });
    const { taskId, submittedAt, replayed } = await submitJob(deps, chosen, ready, submitterOf(caller));
    space[Symbol.dispose]();
    upload[Symbol.dispose]();
    deps.hub.announce(taskId);
    if (replayed) {
      c.header('Idempotent-Replayed', 'true');
    }
    const urls = taskUrls(taskId);
    c.header('Location', urls.status_url);
    if (waitS !== undefined) {
      c.header('Preference-Applied', `wait=${waitS}`);
      const signal = AbortSignal.any([AbortSignal.timeout(waitS * 1000), c.req.raw.signal]);
      const outcome = await waitForOutcome(deps.hub, taskId, signal);
      if (outcome) {
        return c.json(toTaskOutcome(outcome), 200);
      }
    }
    return c.json({ task_id: taskId, submitted_at: submittedAt, ...urls }, 202);
  }

  const routes = createRoutes();
  const providers = deps.providers.map(({ descriptor }) => descriptor.name);
  routes.openAPIRegistry.register('Submission', createSubmission(providers));
  return routes
    .openapi(generate, (c) => {
      const key = c.req.header('idempotency-key');
      return submit(
        c,
        key === undefined
          ? { id: randomUUID(), isShared: false }
          : { id: taskIdOfKey(key, c.get('caller')?.owner), isShared: true },
      );
    })
    .openapi(put, (c) => {
      const id = parseTaskId(c.req.param('task_id'));
      if (!id) {
        throw new PipelineError(
          'INPUT_INVALID',
          `task_id: expected a UUID but received "${c.req.param('task_id')}".`,
        );
      }
      return submit(c, { id, isShared: true });
    });
}

/** @throws PipelineError KEY_SCOPE_MISSING */
function assertMayOvertake(caller: Caller | undefined, priority: number): void {
  if (priority < NORMAL_PRIORITY && caller && !isAllowed(caller, 'priority')) {
    throw new PipelineError(
      'KEY_SCOPE_MISSING',
      `priority: expected ${NORMAL_PRIORITY} or more but received ${priority}. To overtake other tasks, this key needs the scope priority.`,
      { details: { field: 'priority' } },
    );
  }
}

/** Resolves with the outcome of a job, or with `undefined` if the signal is aborted first. */
async function waitForOutcome(
  hub: ProgressHub,
  taskId: string,
  signal: AbortSignal,
): Promise<JobOutcome | undefined> {
  const end = Promise.withResolvers<JobOutcome | undefined>();
  const giveUp = () => end.resolve(undefined);
  signal.addEventListener('abort', giveUp);
  const leave = await hub.follow(taskId, Number.POSITIVE_INFINITY, { send() {}, end: end.resolve });
  try {
    return signal.aborted ? undefined : await end.promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    leave();
  }
}
