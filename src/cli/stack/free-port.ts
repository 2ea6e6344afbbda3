import { randomInt } from 'node:crypto';
import { isPortFree } from './assert-port-free.ts';

/**
 * Below what systems give to connections and to those who ask for any port (Linux: 32768 and up): one from there may be
 * taken by anybody before its server listens.
 */
const RANGE = { from: 20_000, to: 32_000 };
const TRIES = 50;

/** A TCP port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let tried = 1; tried <= TRIES; tried += 1) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await isPortFree(port, '127.0.0.1')) {
      return port;
    }
  }
  throw new Error(
    `Expected a free port from ${RANGE.from} to ${RANGE.to}, but ${TRIES} of them were in use.`,
  );
}
