import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';

/**
 * Path of a program that is built or downloaded once for this user.
 *
 * @param {string} name with its version
 * @param {NodeJS.ProcessEnv} env
 */
export function cachedProgram(name, env) {
  const cacheHome =
    env.XDG_CACHE_HOME || join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  return join(cacheHome, 'limelight', 'bin', name);
}

/**
 * Installs a program that is missing. `obtain` puts it into an empty folder and returns its path; it is moved when it is
 * complete, so a partial program is never found.
 *
 * @param {string} target
 * @param {(folder: string) => Promise<string>} obtain
 */
export async function installProgram(target, obtain) {
  makeFolder(dirname(target));
  await withLock(`${target}.lock`, async () => {
    if (isExecutable(target)) {
      return; // another process has put it there meanwhile
    }
    const folder = `${target}.partial`;
    const remove = () => rmSync(folder, { recursive: true, force: true });
    remove(); // of an installation that was killed
    mkdirSync(folder);
    process.once('exit', remove);
    try {
      renameSync(await obtain(folder), target);
    } finally {
      process.off('exit', remove);
      remove();
    }
  });
}

function makeFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new Error(
      `${folder} cannot be written (${error.code}). Set XDG_CACHE_HOME to a folder that can, such as /tmp/limelight-cache, also for later runs.`,
    );
  }
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
