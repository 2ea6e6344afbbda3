import { expect, it } from 'vitest';
import type { JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import { toTaskEvent } from '../../src/contracts/schemas/task-urls.ts';

const TASK = '0a8f3c52-6f0b-4b57-9a4e-0f4f5a3b2c1d';
const outcome = {
  task_id: TASK,
  success: true,
  metadata: { background_removal: { input_size: 1024 } },
} as unknown as JobResult;
const end: StageEvent = {
  seq: 9,
  task_id: TASK,
  event_type: 'stage_update',
  data: { stage: 'COMPLETED', progress_percent: 100, message: 'The video is ready', details: { outcome } },
  timestamp: '2026-01-02T03:04:05.678Z',
};

it.each([
  ['', '/api/pipeline/tasks'],
  ['https://videos.example.org', 'https://videos.example.org/api/pipeline/tasks'],
])('the last event has the URLs of the files, with the public address "%s" as %s/…', (publicUrl, tasks) => {
  expect(toTaskEvent(end, publicUrl)).toMatchObject({
    progress_percent: 100,
    message: 'The video is ready',
    data: {
      progress_percent: 100,
      details: {
        outcome: {
          video_url: `${tasks}/${TASK}/video`,
          metadata: {
            background_removal: {
              input_size: 1024,
              mask_url: `${tasks}/${TASK}/mask`,
              cutout_url: `${tasks}/${TASK}/cutout`,
            },
          },
        },
      },
    },
  });
});

it('an event without an outcome only repeats its progress at the top level', () => {
  const { details: _, ...data } = end.data;
  const event = { ...end, data };
  expect(toTaskEvent(event)).toEqual({ ...event, progress_percent: 100, message: 'The video is ready' });
});
