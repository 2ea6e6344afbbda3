import { z } from 'zod';
import { EXAMPLE_TASK_ID, extensible, Instant, ProviderName, TaskId } from './primitives.ts';

export const ErasedThing = extensible({
  kind: z.enum(['file', 'cache', 'provider', 'execution']),
  name: z.string().meta({
    description: 'The key of the object, or the name at the provider or in Temporal.',
    example: `videos/${EXAMPLE_TASK_ID}/video.mp4`,
  }),
  erased_at: Instant,
});
export type ErasedThing = z.infer<typeof ErasedThing>;

export const PendingErasure = extensible({
  kind: z.enum(['provider', 'execution']),
  provider: ProviderName.optional(),
  name: z.string().meta({
    description:
      'The name at the provider, only `talk` if a talk may exist whose id is not known. Or the name in Temporal of the execution that searches and deletes there.',
    example: 'talk tlk_Xh2mV0',
  }),
});
export type PendingErasure = z.infer<typeof PendingErasure>;

/** A list of everything that was erased for a task, and when. Its owner can keep it as proof. */
export const EraseReceipt = extensible({
  task_id: TaskId,
  erased_at: Instant,
  erased: z.array(ErasedThing),
  pending: z.array(PendingErasure).meta({
    description:
      'What is still to be deleted at the provider. Empty once everything is erased. The server keeps trying, and the same request returns the newest receipt.',
  }),
}).meta({ id: 'EraseReceipt' });
export type EraseReceipt = z.infer<typeof EraseReceipt>;
