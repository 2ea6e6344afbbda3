/** Where a task's things are, as answers name them. */
export function taskUrls(taskId: string) {
  const task = `/api/pipeline/tasks/${taskId}`;
  return {
    status_url: `/api/pipeline/status/${taskId}`,
    events_url: `/api/pipeline/progress/${taskId}/events`,
    video_url: `${task}/video`,
    cancel_url: `${task}/cancel`,
  };
}
