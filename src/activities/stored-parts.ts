import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ObjectStore } from '../ports/object-store.ts';

/** The parts of a talk in progress, in a local folder and under a prefix of the store, where other processes read them. */
interface StoredParts {
  /** Copies the parts of an earlier attempt into the folder. */
  fetch(): Promise<void>;
  /** Stores new parts. Calls during a run are combined into one more run after it. */
  store(): Promise<void>;
}

export function createStoredParts(store: ObjectStore, prefix: string, folder: string): StoredParts {
  const stored = new Set<string>();
  let running: Promise<void> | undefined;
  let again = false;

  async function storeNew(): Promise<void> {
    const names = (await readdir(folder)).filter((name) => /^\d+\.(mp4|webm)$/.test(name)).sort();
    for (const name of names.filter((name) => !stored.has(name))) {
      await store.put(`${prefix}${name}`, { path: await copyOf(folder, name) });
      stored.add(name);
    }
  }
  return {
    async fetch() {
      await mkdir(folder, { recursive: true });
      for await (const { key } of store.list(prefix)) {
        const name = basename(key);
        await writeFile(join(folder, name), await store.read(key));
        stored.add(name);
      }
    },
    store() {
      if (running) {
        again = true;
        return running;
      }
      running = storeNew()
        .finally(() => {
          running = undefined;
        })
        .then(() => {
          if (again) {
            again = false;
            return this.store();
          }
        });
      return running;
    },
  };
}

/** The store moves the files it is given, and the renderer still needs its parts. */
async function copyOf(folder: string, name: string): Promise<string> {
  const path = join(folder, `${name}.copy`);
  await copyFile(join(folder, name), path);
  return path;
}
