import { createServer } from 'node:net';

/**
 * Where the native half of Temporal's SDK serves its own metrics: a port of loopback that nobody has to know, because
 * this process passes them on with its own.
 */
export async function pickSdkMetricsAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

const TIMEOUT_MS = 2_000;

export async function readSdkMetrics(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return answer.text();
}
