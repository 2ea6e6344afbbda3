import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../../errors.ts';
import { Turns } from '../turns.ts';

export interface FileLayout {
  /** Absolute, no link in it. */
  root: string;
  /** Files on their way in and scratch folders; on the root's file system, so that they move into place. */
  scratch: string;
  /**
   * Of the names: a swap that knows what it replaced removes it at once. Writers in different processes do not wait for each
   * other; what they make each other forget is removed by the sweep.
   */
  turns: Turns;
}

/** Makes the folders where they are missing. @throws PipelineError CONFIG_INVALID where they cannot be made. */
export function createLayout(root: string): FileLayout {
  const scratch = join(root, '.scratch');
  try {
    mkdirSync(scratch, { recursive: true });
    return { root: realpathSync(root), scratch: realpathSync(scratch), turns: new Turns() };
  } catch (cause) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `Expected STORAGE_ROOT to be a folder that may be written to, but ${root} is not (${(cause as NodeJS.ErrnoException).code})`,
      { cause },
    );
  }
}
