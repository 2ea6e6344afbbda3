import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './step.mjs';

/** Time for the holder to write its process id into its folder. */
const NAMELESS_MS = 10_000;

/**
 * Runs `work` while no other process on this machine holds the lock. The lock is a folder, because creating one is atomic
 * on every file system. A lock whose holder has died is taken over.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  const owner = join(path, 'pid');
  let told = false;
  while (!tryMakeFolder(path)) {
    if (isAbandoned(path, owner)) {
      discard(path);
      continue;
    }
    if (!told) {
      say(`waiting for the setup of another process (${path})`);
      told = true;
    }
    await sleep(250);
  }
  const release = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', release);
  try {
    writeFileSync(owner, String(process.pid));
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryMakeFolder(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function isAbandoned(path, owner) {
  try {
    const pid = Number(readFileSync(owner, 'utf8'));
    return pid > 0 ? !isAlive(pid) : false;
  } catch {
    try {
      return Date.now() - statSync(path).mtimeMs > NAMELESS_MS;
    } catch {
      return false; // released in this moment
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Renames the lock first: if two processes find the same dead lock, only one can move it. */
function discard(path) {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
    if (isAbandoned(aside, join(aside, 'pid'))) {
      rmSync(aside, { recursive: true, force: true });
    } else {
      renameSync(aside, path); // the first of the two holds it already
    }
  } catch (error) {
    if (error.code !== 'ENOENT') {
      throw error;
    }
  }
}
