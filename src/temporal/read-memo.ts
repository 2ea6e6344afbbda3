import type { z } from 'zod';

/**
 * The memo of an execution, parsed. Temporal removes empty lists from memos, so their schemas have defaults.
 * @throws ZodError if the memo was not written by this program.
 */
export function readMemo<Memo>(schema: z.ZodType<Memo>, memo: Record<string, unknown> | undefined): Memo {
  return schema.parse(memo ?? {});
}
