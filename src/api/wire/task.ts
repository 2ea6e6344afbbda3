import { z } from '@hono/zod-openapi';

export const TASK_ID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const TASK = `/api/pipeline/tasks/${TASK_ID}`;

/** What is no UUID names no task (404), so that the handler looks at it: `taskParam(c)`. */
export const TaskParams = z.object({
  task_id: z.string().openapi({
    param: { name: 'task_id', in: 'path' },
    format: 'uuid',
    description: 'The task, as its submission was answered.',
    example: TASK_ID,
  }),
});

export const Instant = z.iso.datetime().openapi({ example: '2026-11-25T09:30:00.000Z' });

export const TaskUrls = z.object({
  status_url: z.string().openapi({ example: `/api/pipeline/status/${TASK_ID}` }),
  events_url: z.string().openapi({ example: `/api/pipeline/progress/${TASK_ID}/events` }),
  video_url: z.string().openapi({ example: `${TASK}/video` }),
  cancel_url: z.string().openapi({ example: `${TASK}/cancel` }),
});

export const Accepted = TaskUrls.extend({
  task_id: z.uuid().openapi({ example: TASK_ID }),
  submitted_at: Instant,
}).openapi('Accepted');
