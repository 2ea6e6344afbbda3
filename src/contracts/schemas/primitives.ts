import { z } from 'zod';
import { type ErrorCode, isErrorCode } from '../error-codes.ts';
import { MAX_TASK_NAME_LENGTH } from '../task-name.ts';

export const EXAMPLE_TASK_ID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
export const EXAMPLE_TASK_PATH = `/api/pipeline/tasks/${EXAMPLE_TASK_ID}`;

export const TaskId = z.string().min(1).meta({ example: EXAMPLE_TASK_ID });

/** What people call a task. One line. */
export const TaskName = z
  .string()
  .trim()
  .min(1)
  .max(MAX_TASK_NAME_LENGTH)
  // No half of a surrogate pair either: it cannot be part of a URL or a header.
  .regex(/^[^\p{Cc}\p{Cs}]*$/u)
  .meta({ title: `one line of 1 to ${MAX_TASK_NAME_LENGTH} characters`, example: 'Welcome video' });

/** ISO 8601 in UTC, as `toISOString` writes it. */
export const Instant = z.iso.datetime().meta({ example: '2026-11-25T09:30:00.000Z' });

/** Lower-case hex. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Later versions add codes, so any code is accepted. Unknown ones are read as INTERNAL. */
export const ErrorCodeName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/)
  .transform((code): ErrorCode => (isErrorCode(code) ? code : 'INTERNAL'))
  .meta({ example: 'PERSON_NOT_FOUND' });

/** Providers come and go, so a record may name one that this version does not have. */
export const ProviderName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/)
  .meta({ example: 'local' });
export type ProviderName = z.infer<typeof ProviderName>;

/**
 * An object that keeps fields it does not know: a record of a later version survives being rewritten by this one. Its
 * type has the known fields only.
 */
export const extensible = z.looseObject as typeof z.object;
