import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { untilSilent } from '../../src/temporal/watch-server.ts';
import { startTestServer } from '../harness/temporal-server.ts';

it('detects a server that accepts requests but never responds, and no other', async () => {
  await using server = await startTestServer();
  const ending = new AbortController();
  const watch = { address: server.address, intervalMs: 50, timeoutMs: 1_000, maxFailures: 3 };
  let isSilent = false;
  const silent = untilSilent({ ...watch, signal: ending.signal }).then(() => {
    isSilent = true;
  });
  await sleep(1_000);
  expect(isSilent).toBe(false);

  process.kill(server.pid, 'SIGSTOP');

  await silent;
  process.kill(server.pid, 'SIGCONT');
}, 30_000);

it('ends with its signal', async () => {
  const ending = new AbortController();
  const silent = untilSilent({ address: '127.0.0.1:1', signal: ending.signal });
  ending.abort();

  await silent;
});
