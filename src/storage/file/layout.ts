import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../../errors.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { assertStoreIsThere, SCRATCH } from '../store-folder.ts';

export interface FileLayout {
  /** Absolute, without links. */
  root: string;
  /** Incoming files and scratch folders. On the file system of the root, so that they can be moved into place. */
  scratch: string;
  /**
   * Serializes changes of a name within this process, so that a swap knows which version it replaced and removes it at
   * once. Processes do not wait for each other: the sweep removes what they leave.
   */
  names: KeyedLock;
  /** See `openStore`. */
  guard: () => void;
}

/** How many files to look at concurrently: faster than one after another, and few enough to hold in memory. */
export const MAX_CONCURRENT = 32;

/** Creates missing folders. @throws PipelineError CONFIG_INVALID if that fails, or if there must be a store and is none. */
export function createLayout({
  root,
  mustExist = false,
  guard = () => {},
}: {
  root: string;
  mustExist?: boolean | undefined;
  guard?: (() => void) | undefined;
}): FileLayout {
  if (mustExist) {
    assertStoreIsThere(root);
  }
  const scratch = join(root, SCRATCH);
  try {
    mkdirSync(scratch, { recursive: true });
    return { root: realpathSync(root), scratch: realpathSync(scratch), names: new KeyedLock(), guard };
  } catch (cause) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `Expected STORAGE_ROOT to be a writable folder, but ${root} is not (${(cause as NodeJS.ErrnoException).code})`,
      { cause },
    );
  }
}
