import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../errors.ts';

/** Made with a store in a folder and never removed, so it marks that folder. */
export const SCRATCH = '.scratch';

/**
 * Call it if no new store may be made in the folder, for example in the place of a drive that is not mounted.
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
