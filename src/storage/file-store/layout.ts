import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export interface FileLayout {
  /** Absolute, no link in it. */
  root: string;
  /** Files on their way in and scratch folders; on the root's file system, so that they move into place. */
  scratch: string;
}

/** Makes the folders where they are missing. */
export function createLayout(root: string): FileLayout {
  const scratch = join(root, '.scratch');
  mkdirSync(scratch, { recursive: true });
  return { root: realpathSync(root), scratch: realpathSync(scratch) };
}
