import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../errors.ts';

/** Created with a store and never removed, so it marks the folder of one. */
export const SCRATCH = '.scratch';

/**
 * Keeps a new store from being created in the folder, for example while its drive is not mounted.
 * @throws PipelineError CONFIG_INVALID if there is no store in the folder.
 */
export function assertStoreIsThere(root: string): void {
  if (!existsSync(join(root, SCRATCH))) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `Expected a store in STORAGE_ROOT, but ${root} has none. Mount its drive, or set STORAGE_MUST_EXIST=false for the first start`,
    );
  }
}
