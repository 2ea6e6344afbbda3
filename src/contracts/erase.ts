/** The workflow that erases a task. Names on the wire: never renamed. */
export const ERASE_TASK = 'eraseTask';

/** One a task: whoever asks meanwhile hears of the same receipt. */
export function toEraseId(taskId: string): string {
  return `erase/${taskId}`;
}
