import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PipelineError } from '../errors.ts';

/** The version of the server that is tested, as `scripts/setup.mjs` installs it. */
export const TEMPORAL_PROGRAM = 'temporal-1.9.1';

/**
 * The Temporal CLI: in the user's cache, where `scripts/setup.mjs` installs it, else on PATH.
 * @throws PipelineError TEMPORAL_UNAVAILABLE if there is none.
 */
export function findTemporalBinary(env: Record<string, string | undefined>): string {
  // As in `scripts/setup/cached-program.mjs`.
  const cacheHome =
    env.XDG_CACHE_HOME || join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  const candidates = [
    join(cacheHome, 'limelight', 'bin', TEMPORAL_PROGRAM),
    ...(env.PATH ?? '')
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, 'temporal')),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (!found) {
    throw new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      'No Temporal server: neither TEMPORAL_ADDRESS is set nor is the `temporal` program installed. Run `node scripts/setup.mjs`.',
    );
  }
  return found;
}
