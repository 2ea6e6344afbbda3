import { z } from 'zod';
import { KEEP_PREFIX, type KeepNote, keepKey } from '../../contracts/retention.ts';
import { PipelineError } from '../../errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

const Note = z.object({
  hold: z.object({ reason: z.string(), since: z.string() }).optional(),
  days: z.number().positive().optional(),
});

/** Every note, by task. One that cannot be read counts as a hold: somebody wanted something kept. */
export async function readKeepNotes(store: ObjectStore): Promise<Map<string, KeepNote>> {
  const notes = new Map<string, KeepNote>();
  for await (const { key, modifiedAt } of store.list(KEEP_PREFIX)) {
    const taskId = key.slice(KEEP_PREFIX.length).replace(/\.json$/, '');
    const note = await readKeepNote(store, taskId).catch(() => undefined);
    notes.set(
      taskId,
      note ?? { hold: { reason: 'its note cannot be read', since: modifiedAt.toISOString() } },
    );
  }
  return notes;
}

export async function readKeepNote(store: ObjectStore, taskId: string): Promise<KeepNote | undefined> {
  try {
    const { hold, days } = Note.parse(JSON.parse(String(await store.read(keepKey(taskId)))));
    return { ...(hold && { hold }), ...(days !== undefined && { days }) };
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'OBJECT_NOT_FOUND') {
      return undefined;
    }
    throw error;
  }
}

/** Replaces the note; an empty one is none. */
export async function writeKeepNote(store: ObjectStore, taskId: string, note: KeepNote): Promise<void> {
  await (note.hold || note.days !== undefined
    ? store.put(keepKey(taskId), Buffer.from(JSON.stringify(note)))
    : store.delete(keepKey(taskId)));
}
