import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when a GET of the URL succeeds. @throws Error after 30 s. */
export async function untilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    await sleep(100);
  }
  throw new Error(`Nothing answers at ${url}`);
}
