import type { JobOutcome, JobResult, TaskOutcome, TaskResult } from './job-outcome.ts';
import type { StageEvent, TaskEvent } from './stage-event.ts';
import type { TaskUrls } from './task-status.ts';

/**
 * Histories and records hold facts. Whatever leaves the server passes through these functions, which add the URLs.
 * `baseUrl` is the public address of the server, without a slash at its end. Without it URLs are paths.
 */
export function taskUrls(taskId: string, baseUrl = ''): TaskUrls {
  const pipeline = `${baseUrl}/api/pipeline`;
  return {
    status_url: `${pipeline}/status/${taskId}`,
    events_url: `${pipeline}/progress/${taskId}/events`,
    video_url: `${pipeline}/tasks/${taskId}/video`,
    cancel_url: `${pipeline}/tasks/${taskId}/cancel`,
  };
}

export function toTaskResult(result: JobResult, baseUrl = ''): TaskResult {
  const task = `${baseUrl}/api/pipeline/tasks/${result.task_id}`;
  const { metadata } = result;
  return {
    ...result,
    video_url: `${task}/video`,
    metadata: {
      ...metadata,
      background_removal: {
        ...metadata.background_removal,
        mask_url: `${task}/mask`,
        cutout_url: `${task}/cutout`,
      },
    },
  };
}

export function toTaskOutcome(outcome: JobOutcome, baseUrl = ''): TaskOutcome {
  return outcome.success ? toTaskResult(outcome, baseUrl) : outcome;
}

/** Also repeats `progress_percent` and `message` at the top level, where simple clients look for them. */
export function toTaskEvent(event: StageEvent, baseUrl = ''): TaskEvent {
  const { progress_percent, message, details } = event.data;
  const outcome = details?.outcome as JobOutcome | undefined;
  return {
    ...event,
    progress_percent,
    message,
    data: outcome
      ? { ...event.data, details: { ...details, outcome: toTaskOutcome(outcome, baseUrl) } }
      : event.data,
  };
}
