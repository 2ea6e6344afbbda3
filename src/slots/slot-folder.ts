import { constants, mkdirSync, mkdtempSync, renameSync, utimesSync } from 'node:fs';
import {
  copyFile,
  link,
  lstat,
  open,
  readdir,
  realpath,
  rename,
  rm,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ignoreFailure, ignoreMissing, PipelineError } from '../errors.ts';

/** Names of the properties of an input, at any depth, that hold paths. */
export interface SlotFiles {
  /** Files to read. */
  reads?: readonly string[];
  /** Files to write. A run may leave some of them out. */
  writes?: readonly string[];
  /**
   * A folder whose files are written once and renamed when they are complete, and which the caller reads during the run.
   * Those that it has at the start are there. Only for slots that do one thing at a time.
   */
  growing?: string;
}

/** The folder of one process: what it may read, and all that it may write to. */
export interface SlotFolder {
  toRead: string;
  toWrite: string;
  /** Of the parent: the process cannot see it. */
  hidden: string;
  /**
   * Puts the files of a run into the folder.
   * @param isWanted whether the caller still waits for the run. If not, its folders may be gone or going, and nothing is put
   * there any more.
   */
  stage(inputs: unknown[], isWanted: () => boolean): Promise<StagedRun>;
  /** After the process has ended. */
  remove(): Promise<void>;
}

export interface StagedRun {
  /** The inputs with paths in the folder. */
  inputs: unknown[];
  /** Makes new files of a growing folder visible to the caller. */
  grow(): Promise<void>;
  /** Moves what was written to where the caller wants it. @throws PipelineError SLOT_CRASHED if something is not a file */
  deliver(at: number): Promise<void>;
  /** @returns false if the process left something that may not be there: then it must not be used again */
  clear(): Promise<boolean>;
}

/** The sweep of the store deletes folders by age, so a folder in use must look new. */
const TOUCH_INTERVAL_MS = 15 * 60_000;

/**
 * The process never has a path of the store. What it reads is linked into its folder, or copied from another file system,
 * and what it has written is moved out. It may be hostile, so nothing in its folder is trusted: names are ours, and a link
 * in place of a file is refused only after it was moved to where the process cannot exchange it any more.
 *
 * @param parent on the file system of the files, so that they need not be copied. If it is missing or cannot be
 * written, the system's folder for temporary files is used.
 */
export function createSlotFolder(parent: string, name: string, files: SlotFiles): SlotFolder {
  const folder = makeFolder(parent, `slot-${name}-`);
  const [toRead, toWrite, hidden] = ['in', 'out', 'hidden'].map((part) => join(folder, part)) as [
    string,
    string,
    string,
  ];
  for (const part of [toRead, toWrite, hidden]) {
    mkdirSync(part);
  }
  const touch = setInterval(() => {
    try {
      utimesSync(folder, new Date(), new Date());
    } catch {
      // The store does not respond, or the folder is gone: the next run fails, and its slot gets another folder.
    }
  }, TOUCH_INTERVAL_MS).unref();
  let last = 0;

  /** A file that is missing is left out, for its own run to report: others may run together with it. */
  async function fetchFile(from: string, to: string): Promise<void> {
    try {
      await linkOrCopy(await realpath(from), to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
      // Rejects if it is this folder that is missing.
      await lstat(toRead);
    }
  }

  /** Out of reach of the process, then checked. */
  async function take(name: string, to: Place): Promise<void> {
    const path = join(hidden, name);
    if ((await ignoreMissing(rename(join(toWrite, name), path).then(() => true))) !== true) {
      return;
    }
    if (!(await lstat(path)).isFile()) {
      throw new PipelineError('SLOT_CRASHED', `Expected the file ${name} from a slot, but it is not a file`);
    }
    await moveFile(path, to);
  }

  /** A second name for a file that the process may go on to use, or a copy of it. */
  async function show(name: string, to: Place): Promise<void> {
    const [from, path] = [join(toWrite, name), join(hidden, name)];
    try {
      // It does not follow links.
      await link(from, path);
    } catch (error) {
      if (!NO_LINK.has((error as NodeJS.ErrnoException).code ?? '')) {
        throw error;
      }
      await using file = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      await writeFile(path, file.createReadStream({ autoClose: false }));
    }
    await ((await lstat(path)).isFile() ? moveFile(path, to) : unlink(path));
  }

  return {
    toRead,
    toWrite,
    hidden,

    async stage(inputs, isWanted) {
      last += 1;
      const run = last;
      let count = 0;
      const read: Array<{ from: string; to: string }> = [];
      const written = inputs.map(() => [] as Array<{ name: string; wanted: string }>);
      const growing: string[] = [];
      const staged = inputs.map((input, at) =>
        mapPaths(input, (property, path) => {
          count += 1;
          const name = `${run}-${count}-${basename(path)}`;
          if (files.reads?.includes(property)) {
            read.push({ from: path, to: join(toRead, name) });
            return join(toRead, name);
          }
          if (files.writes?.includes(property)) {
            written[at]!.push({ name, wanted: path });
            return join(toWrite, name);
          }
          if (property === files.growing) {
            growing.push(path);
            return toWrite;
          }
          return path;
        }),
      );
      const known = new Set(written.flat().map(({ name }) => name));
      await Promise.all(read.map(({ from, to }) => fetchFile(from, to)));
      // Parts of an earlier attempt.
      for (const path of growing) {
        for (const name of (await ignoreMissing(readdir(path))) ?? []) {
          known.add(name);
          await linkOrCopy(join(path, name), join(toWrite, name));
        }
      }

      return {
        inputs: staged,

        async grow() {
          for (const path of isWanted() ? growing : []) {
            const names = (await readdir(toWrite)).filter(
              (name) => !known.has(name) && !name.endsWith('.new'),
            );
            for (const name of names) {
              known.add(name);
              const shown = show(name, { path: join(path, name), isWanted });
              await ignoreFailure(shown, 'anything that is not a file, or is already gone, is not shown');
            }
          }
        },

        async deliver(at) {
          for (const { name, wanted } of written[at]!) {
            await take(name, { path: wanted, isWanted });
          }
        },

        async clear() {
          await Promise.all(read.map(({ to }) => ignoreMissing(unlink(to))));
          // Never what is in folders: the process could put a link in place of one meanwhile.
          const left = (await readdir(toWrite)).map((name) => ignoreMissing(unlink(join(toWrite, name))));
          return (await Promise.allSettled(left)).every(({ status }) => status === 'fulfilled');
        },
      };
    },

    async remove() {
      clearInterval(touch);
      await ignoreFailure(rm(folder, { recursive: true, force: true }), 'the sweep removes leftovers');
    },
  };
}

function makeFolder(parent: string, prefix: string): string {
  try {
    return mkdtempSync(join(parent, prefix));
  } catch {
    // A process that cannot start would fail runs for some time after the store is back. The parent must not be made: in an
    // empty mount point it would look like a store.
    return mkdtempSync(join(tmpdir(), `limelight-${prefix}`));
  }
}

/** A copy of plain data, with the strings of properties that may be paths replaced. */
function mapPaths(value: unknown, replace: (property: string, path: string) => string): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => mapPaths(item, replace));
  }
  return Object.fromEntries(
    Object.entries(value).map(([property, item]) => [
      property,
      typeof item === 'string' ? replace(property, item) : mapPaths(item, replace),
    ]),
  );
}

/** Another file system, one without hard links, or a file of another user. */
const NO_LINK = new Set(['EACCES', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EPERM', 'EXDEV']);

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!NO_LINK.has((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

interface Place {
  path: string;
  isWanted(): boolean;
}

async function moveFile(from: string, { path, isWanted }: Place): Promise<void> {
  if (!isWanted()) {
    return;
  }
  try {
    // Not a moment after it was asked: the caller may be removing the folder.
    renameSync(from, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return; // Of several callers whose inputs run together, this one has left, and its folder is gone.
    }
    if (code !== 'EXDEV') {
      throw error;
    }
    await copyFile(from, path);
    await unlink(from);
  }
}
