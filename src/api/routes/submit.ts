import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { type Context, Hono } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../api-env.ts';
import { parseJobForm } from '../job-form.ts';
import { receiveForm } from '../multipart.ts';
import { type ChosenId, submitJob } from '../submit-job.ts';
import { parseTaskId, taskIdOfKey } from '../task-id.ts';
import { taskUrls } from '../task-urls.ts';
import { toUploadRules } from '../upload-rules.ts';
import { waitForOutcome } from '../wait-for-outcome.ts';
import { parseWait } from '../wait-preference.ts';

export function submitRoutes(deps: ApiDeps) {
  const rules = toUploadRules(deps.limits);

  async function submit(c: Context<ApiEnv>, chosen: ChosenId): Promise<Response> {
    c.set('taskId', chosen.id);
    const waitS = parseWait(c.req.query('wait'), c.req.header('prefer'));
    // Before the upload, so that nobody sends 100 MB to hear that there is no job server.
    await deps.jobs.ping();
    await using folder = await deps.store.scratch();
    const form = await receiveForm(
      {
        body: toReadable(c),
        contentType: c.req.header('content-type'),
        contentLength: parseLength(c.req.header('content-length')),
      },
      { folder: folder.path, rules },
    );
    const { taskId, submittedAt, replayed } = await submitJob(
      deps,
      chosen,
      parseJobForm(form, deps.defaults),
    );
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
        return c.json(outcome, 200);
      }
    }
    return c.json({ task_id: taskId, submitted_at: submittedAt, ...urls }, 202);
  }

  return new Hono<ApiEnv>()
    .post('/api/pipeline/generate', (c) => {
      const key = c.req.header('idempotency-key');
      return submit(
        c,
        key === undefined ? { id: randomUUID(), isShared: false } : { id: taskIdOfKey(key), isShared: true },
      );
    })
    .put('/api/pipeline/tasks/:taskId', (c) => {
      const id = parseTaskId(c.req.param('taskId'));
      if (!id) {
        throw new PipelineError(
          'INPUT_INVALID',
          `task_id: expected a UUID but received "${c.req.param('taskId')}".`,
        );
      }
      return submit(c, { id, isShared: true });
    });
}

/** The connection itself where there is one: a web stream over it would close it under a client that is refused. */
function toReadable(c: Context<ApiEnv>): Readable | undefined {
  if (c.env?.incoming) {
    // To look at `raw.body` alone would begin to read from the connection.
    return c.env.incoming as Readable;
  }
  return c.req.raw.body ? Readable.fromWeb(c.req.raw.body as WebStream) : undefined;
}

function parseLength(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}
