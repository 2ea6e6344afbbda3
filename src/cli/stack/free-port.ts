import { randomInt } from 'node:crypto';
import { isPortFree } from './assert-port-free.ts';

/**
 * Below the ephemeral range (Linux: 32768 and up), whose ports the system may hand to another program before our server
 * listens.
 */
const RANGE = { from: 20_000, to: 32_000 };
const MAX_TRIES = 50;

/** A TCP port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
  for (let tried = 1; tried <= MAX_TRIES; tried += 1) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await isPortFree(port, '127.0.0.1')) {
      return port;
    }
  }
  throw new Error(
    `Expected a free port from ${RANGE.from} to ${RANGE.to}, but ${MAX_TRIES} of them were in use.`,
  );
}
