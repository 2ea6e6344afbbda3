/** The API of `prove-readers.ts` in its own process. Argument: `{address, root}` as JSON. */
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadConfig } from '../../src/process/load-config.ts';
import { connectClient } from '../../src/temporal/connection.ts';
import { startTestApi } from '../../test/harness/api/test-api.ts';

/** Report of the process, in response to any message. */
export interface ApiUsage {
  /** After a full collection. */
  heapMb: number;
  rssMb: number;
  readers: number;
  /** Since the start of the process, user and system. */
  cpuS: number;
  /** Maximum delay of a timer since the previous message. */
  lateMs: number;
}

const { address, root } = JSON.parse(process.argv[2]!) as { address: string; root: string };
const client = await connectClient(loadConfig({ TEMPORAL_ADDRESS: address }).temporal);
const access = { rate: { perS: 1e6, burst: 1e6 } };
await using api = await startTestApi(client, { access, root });

const late = monitorEventLoopDelay({ resolution: 1 });
late.enable();
process.on('message', () => {
  const lateMs = Math.round(late.max / 1e6);
  globalThis.gc?.();
  late.reset();
  const { heapUsed, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send!({
    heapMb: heapUsed / 2 ** 20,
    rssMb: rss / 2 ** 20,
    readers: api.hub.readers,
    cpuS: (user + system) / 1e6,
    lateMs,
  } satisfies ApiUsage);
});
process.send!(api.url);
await once(process, 'disconnect');
await client.connection.close();
