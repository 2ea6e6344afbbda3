import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';

type Call = (...args: unknown[]) => unknown;

/**
 * Makes file system calls in a folder fail. It replaces the functions of `node:fs` and `node:fs/promises` and the methods
 * of file handles: synchronous, with callbacks and with promises. Streams use these too.
 */
export interface FileFaults extends Disposable {
  /**
   * Calls before each step in the folder. A step has a name that is the same in each run of the same operation, such as
   * `rename tier/task/.object.# #1`. An error that `decide` returns is the result of the step.
   */
  arm(decide: (step: string) => Error | undefined): void;
  disarm(): void;
}

/** Closing always works: otherwise the test itself would leak handles. Streams are made of other calls. */
const PASSES =
  /^(close|closeSync|createReadStream|createWriteStream|ReadStream|WriteStream|FileReadStream|FileWriteStream|Stats|StatFs|Dir|Dirent|Utf8Stream|opendir|opendirSync|watch|watchFile|unwatchFile|getAsyncId|readLines|readableWebStream|_toUnixTimestamp|constructor)$/;

export async function injectFileFaults(folder: string): Promise<FileFaults> {
  const undo: Array<() => void> = [];
  /** The path of each open file of the folder, by its handle or descriptor. */
  const paths = new Map<unknown, string>();
  const seen = new Map<string, number>();
  let decide: ((step: string) => Error | undefined) | undefined;

  const fault = (name: string, targets: unknown[]): Error | undefined => {
    const path = targets.map((target) => paths.get(target) ?? target).find(isInFolder);
    if (!decide || path === undefined) return undefined;
    const what = `${name} ${withoutNonces(path.slice(folder.length + 1))}`;
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    return decide(`${what} #${nth}`);
  };
  function isInFolder(target: unknown): target is string {
    return typeof target === 'string' && (target === folder || target.startsWith(folder + sep));
  }
  const remember = (opened: unknown, path: unknown) => {
    if (isInFolder(path)) paths.set(opened, path);
    else paths.delete(opened); // A descriptor is reused.
    return opened;
  };
  const replace = (owner: object, name: string, by: (real: Call) => Call) => {
    const real = Reflect.get(owner, name) as Call;
    Reflect.set(owner, name, Object.assign(by(real), real));
    undo.push(() => Reflect.set(owner, name, real));
  };

  const probe = await fs.promises.open(join(tmpdir(), `probe-${process.pid}`), 'w');
  const handles = Object.getPrototypeOf(probe) as object;
  await probe.close();
  fs.rmSync(join(tmpdir(), `probe-${process.pid}`));

  for (const name of functionsOf(fs.promises)) {
    replace(fs.promises, name, (real) => async (...args) => {
      const error = fault(name, args);
      if (error) throw error;
      const result = await real.apply(fs.promises, args);
      return name === 'open' ? remember(result, args[0]) : result;
    });
  }
  for (const name of functionsOf(handles)) {
    replace(
      handles,
      name,
      (real) =>
        async function handled(this: unknown, ...args: unknown[]) {
          const error = fault(`handle.${name}`, [this]);
          if (error) throw error;
          return real.apply(this, args);
        },
    );
  }
  for (const name of functionsOf(fs)) {
    replace(fs, name, (real) => (...args) => {
      const error = fault(name, args);
      const callback = args.at(-1);
      if (error && typeof callback === 'function') return process.nextTick(callback as Call, error);
      if (error) throw error;
      if (name === 'openSync') return remember(real.apply(fs, args), args[0]);
      if (name === 'open' && typeof callback === 'function') {
        args[args.length - 1] = (failure: unknown, fd: unknown) =>
          (callback as Call)(failure, failure ? fd : remember(fd, args[0]));
      }
      return real.apply(fs, args);
    });
  }
  syncBuiltinESMExports();

  return {
    arm(next) {
      seen.clear();
      decide = next;
    },
    disarm() {
      decide = undefined;
    },
    [Symbol.dispose]() {
      for (const restore of undo) restore();
      syncBuiltinESMExports();
    },
  };
}

/** By enumeration, so that a function that Node adds is covered. */
function functionsOf(owner: object): string[] {
  return Object.getOwnPropertyNames(owner).filter((name) => {
    const { value } = Object.getOwnPropertyDescriptor(owner, name)!;
    return typeof value === 'function' && !PASSES.test(name);
  });
}

function withoutNonces(path: string): string {
  return path.replace(/(?<=^|[.-])[0-9a-f]{12}\b.*|(?<=scratch\/)[\w-]{6,}(?=\/|$)/g, '#');
}
