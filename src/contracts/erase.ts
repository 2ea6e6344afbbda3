/** The workflow that erases a task. */
export const ERASE_TASK = 'eraseTask';

/** One for each task, so concurrent requests get the same receipt. */
export function toEraseId(taskId: string): string {
  return `erase/${taskId}`;
}
