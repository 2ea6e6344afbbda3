import { newTaskId } from '../../src/client/task-id.ts';
import type { Fields } from './draft.ts';
import { go } from './route.ts';
import type { SavedSubmission } from './saved-submissions.ts';
import { submit } from './submissions.ts';

/** What a new video has in place of the old one's. */
export interface Changes extends Partial<Fields> {
  /** Required by the background `image`, unless the old one has it. */
  image?: Blob | undefined;
}

/** Submits the same files as a new task, with some changes, and shows it. */
export function submitAgain(kept: SavedSubmission, { image, ...changes }: Changes = {}): void {
  const { backgroundImage: before, isCancelled: _, ...same } = kept;
  const fields = { ...kept.fields, ...changes };
  const backgroundImage = image ?? before;
  const submission = {
    ...same,
    ...(fields.background === 'image' && backgroundImage && { backgroundImage }),
    fields,
    taskId: newTaskId(),
    keptAt: Date.now(),
    isSubmitted: false,
  };
  void submit(submission);
  go({ view: 'video', taskId: submission.taskId });
}
