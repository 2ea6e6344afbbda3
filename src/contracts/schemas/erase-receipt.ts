import { z } from 'zod';
import { EXAMPLE_TASK_ID, extensible, Instant, TaskId } from './primitives.ts';

export const ErasedThing = extensible({
  kind: z.enum(['file', 'cache', 'provider', 'execution']),
  name: z.string().meta({
    description: 'The key of the object, or the name at the provider or in Temporal.',
    example: `videos/${EXAMPLE_TASK_ID}/video.mp4`,
  }),
  erased_at: Instant,
});
export type ErasedThing = z.infer<typeof ErasedThing>;

/** A list of everything that was erased for a task, and when. Its owner can keep it as proof. */
export const EraseReceipt = extensible({
  task_id: TaskId,
  erased_at: Instant,
  erased: z.array(ErasedThing),
}).meta({ id: 'EraseReceipt' });
export type EraseReceipt = z.infer<typeof EraseReceipt>;
