import { taskPrefix } from '../../contracts/task-keys.ts';
import type { Job } from './job.ts';

/**
 * Deletes the files as they were uploaded, if the operator does not keep them. Later steps, and retries, read what was
 * decoded from them.
 */
export async function deleteOriginals({ input, activities, record }: Job): Promise<void> {
  const uploads = taskPrefix('uploads', input.taskId);
  if (input.deletesOriginals && record.hasObjects(uploads)) {
    await activities.discard({ prefixes: [uploads] });
    record.removeObjects(uploads);
  }
}
