import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time for the holder to put its file into the folder. */
const NAMELESS_MS = 10_000;
/** Locks that this process holds. */
const held = new Set();

/**
 * Runs `work` while no other process on this machine holds the lock. The lock is a folder, because creating one is atomic
 * on every file system, with a file for each process that works under it, named by its id and start. A lock whose processes
 * have all ended is taken over.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!tryMakeFolder(path)) {
    if (isAbandoned(path)) {
      discard(path);
      continue;
    }
    if (!told) {
      process.stderr.write(`setup: waiting for the setup of another process (${path})\n`);
      told = true;
    }
    await sleep(250);
  }
  const release = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', release);
  held.add(path);
  try {
    writeFileSync(join(path, identify(process.pid)), '');
    return await work();
  } finally {
    held.delete(path);
    process.off('exit', release);
    release();
  }
}

/**
 * Until it is released, a child process keeps the locks of this process: if this one is killed, npm goes on alone, and a
 * second npm in the same folder would spoil the work of both.
 *
 * @param {number | undefined} pid
 * @returns {() => void}
 */
export function keepLocked(pid) {
  const files = pid === undefined ? [] : [...held].map((path) => join(path, identify(pid)));
  for (const file of files) {
    writeFileSync(file, '');
  }
  return () => {
    for (const file of files) {
      rmSync(file, { force: true });
    }
  };
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

function isAbandoned(path) {
  try {
    const processes = readdirSync(path);
    return processes.length > 0
      ? processes.every((name) => name !== identify(Number.parseInt(name, 10)))
      : Date.now() - statSync(path).mtimeMs > NAMELESS_MS;
  } catch {
    return false; // released in this moment
  }
}

/** The id with the start, so that a later process with the same id is another. Without /proc the start is unknown. */
function identify(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') {
      return `${pid}-ended`;
    }
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? `${pid}-ended` : `${pid}-${fields[18]}`;
  } catch {
    return `${pid}-running`;
  }
}

/** Renames the lock first: if two processes find the same dead lock, only one can move it. */
function discard(path) {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
    if (isAbandoned(aside)) {
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
