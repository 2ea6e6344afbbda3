import { createServer } from 'node:net';

/**
 * A free loopback port for the metrics of the native part of Temporal's SDK. This process serves them together with its
 * own.
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
