import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Disturbance } from './plan.ts';

const MAX_TRIES = 50;
const TRY_AGAIN_MS = 20;

/** A store in a folder, which is disturbed by mounts. */
export class StoreFolder {
  readonly #path: string;
  #how: Disturbance | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Makes it a mount of its own, which may be read-only while the rest of the disk is not. */
  async open(): Promise<void> {
    await run('mount', '--bind', this.#path, this.#path);
  }

  async disturb(how: Disturbance): Promise<void> {
    this.#how = how;
    await (how === 'read-only'
      ? // Refused while a file is open for writing.
        untilAccepted(() => run('mount', '-o', 'remount,bind,ro', this.#path))
      : // Writable, as the mount point of a drive that is not mounted may be.
        run('mount', '-t', 'tmpfs', 'nothing', this.#path));
  }

  async restore(): Promise<void> {
    await (this.#how === 'read-only'
      ? run('mount', '-o', 'remount,bind,rw', this.#path)
      : // A process may just look into it.
        run('umount', '--lazy', this.#path));
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  await promisify(execFile)(program, args);
}

async function untilAccepted(work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await sleep(TRY_AGAIN_MS);
    }
  }
}
