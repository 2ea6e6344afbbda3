import { lookup } from 'node:dns/promises';

/**
 * A lookup occupies one of Node's four threads for files until the name server answers. Two threads stay free for files,
 * however many slow names clients send.
 */
const MAX_AT_ONCE = 2;

/** Resolves names by the system's resolver, which knows the hosts file too. Rejects as `dns.lookup` does. */
export function createNameResolver(
  find: (name: string) => Promise<string[]> = async (name) =>
    (await lookup(name, { all: true })).map(({ address }) => address),
): (name: string) => Promise<string[]> {
  const waiting: Array<() => void> = [];
  let running = 0;
  return async (name) => {
    if (running === MAX_AT_ONCE) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await find(name);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
