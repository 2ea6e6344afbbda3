/** The workflow that erases a task. */
export const ERASE_TASK = 'eraseTask';
/** Answers with the receipt as it is now, or with `null` until our own files are deleted. */
export const RECEIPT_QUERY = 'receipt';

/** One for each task, so concurrent requests get the same receipt. */
export function toEraseId(taskId: string): string {
  return `erase/${taskId}`;
}
