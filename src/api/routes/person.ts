import { createRoute, z } from '@hono/zod-openapi';
import { TaskStatus } from '../../contracts/schemas/task-status.ts';
import { TaskParams, taskParam } from '../tasks/task-param.ts';
import { readTaskStatus } from '../tasks/task-status.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const Choice = z
  .strictObject({
    person: z
      .int()
      .min(1)
      .max(1000)
      .openapi({ description: 'The `id` of one of the `persons` in the event that asks.', example: 1 }),
  })
  .openapi('PersonChoice');

const person = createRoute({
  method: 'post',
  path: '/api/pipeline/tasks/{task_id}/person',
  tags: ['Change'],
  summary: 'Choose the person of a task with persons=ask',
  description: 'An invalid choice is refused with a reason. Repeating a choice changes nothing.',
  request: {
    params: TaskParams,
    body: { required: true, content: { 'application/json': { schema: Choice } } },
  },
  responses: {
    200: {
      description: 'The task continues with that person.',
      content: { 'application/json': { schema: TaskStatus } },
    },
    ...problems(
      'REQUEST_MALFORMED',
      'UPLOAD_TOO_LARGE',
      'MEDIA_UNSUPPORTED',
      'INPUT_INVALID',
      'PERSON_CHOICE_INVALID',
      'PERSON_NOT_ASKED',
      'TASK_ENDED',
      'TASK_NOT_FOUND',
      'TEMPORAL_UNAVAILABLE',
    ),
  },
});

export function personRoutes(deps: Pick<ApiDeps, 'jobs' | 'records' | 'names'>) {
  return createRoutes().openapi(person, async (c) => {
    const taskId = taskParam(c);
    await deps.jobs.choosePerson(taskId, c.req.valid('json').person);
    return c.json(await readTaskStatus(deps, taskId), 200);
  });
}
