import { Connection } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { listPayloads } from '../src/temporal/decode-payloads.ts';
import { createPayloadCodec } from '../src/temporal/payload-codec.ts';
import { createHarness, type Harness } from '../test/harness/pipeline-harness.ts';
import { newPayloadKey, startTestServer, type TestServer } from '../test/harness/temporal-server.ts';
import { type Bench, percentile } from './bench.ts';

/** Rounds in which both ways alternate, so that other load on the machine affects both. */
const ROUNDS = 12;
const JOBS = 8;
const TIMES = 200;

interface Way {
  server: TestServer;
  harness: Harness;
}

/** Jobs of the orchestration benchmark with and without encrypted payloads, and what encrypting one job takes alone. */
export const encryption: Bench = {
  name: 'encryption',
  title: `what encrypted payloads cost a job, ${ROUNDS} x ${JOBS} jobs each way`,
  async run() {
    await using resources = new AsyncDisposableStack();
    const open = async (payloadKeys: string[]): Promise<Way> => {
      const server = resources.use(await startTestServer({}, payloadKeys));
      return { server, harness: resources.use(await createHarness(server)) };
    };
    const keys = [newPayloadKey()];
    const [plain, again, encrypted] = [await open([]), await open([]), await open(keys)];
    const ways = [plain, again, encrypted];
    for (const { harness } of ways) await harness.run({});
    const rounds = new Map(ways.map((way) => [way, [] as { wallMs: number; cpuMs: number }[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const turn of ways.keys()) {
        const way = ways[(turn + round) % ways.length]!;
        rounds.get(way)!.push(await timeRound(way.harness));
      }
    }
    const more = (way: Way, figure: 'wallMs' | 'cpuMs') => {
      const ratios = rounds.get(way)!.map((one, index) => one[figure] / rounds.get(plain)![index]![figure]);
      return (percentile(ratios, 0.5) - 1) * 100;
    };
    const plainMs = percentile(
      rounds.get(plain)!.map(({ wallMs }) => wallMs),
      0.5,
    );
    const { payloads, bytes, storedBytes, ms } = await timeCodec(encrypted.server, encrypted.harness, keys);
    return [
      { what: 'a job without keys, p50', value: plainMs, unit: 'ms' },
      { what: 'encrypting and decrypting its payloads once', value: ms, unit: 'ms' },
      { what: 'of that job', value: (ms / plainMs) * 100, unit: '%', atMost: 5 },
      { what: 'longer without keys again: what is chance', value: more(again, 'wallMs'), unit: '%' },
      { what: 'longer with keys', value: more(encrypted, 'wallMs'), unit: '%' },
      { what: 'more CPU without keys again', value: more(again, 'cpuMs'), unit: '%' },
      { what: 'more CPU with keys', value: more(encrypted, 'cpuMs'), unit: '%' },
      { what: 'payloads in the history of the job', value: payloads, unit: '' },
      { what: 'their size', value: bytes / 1000, unit: 'kB' },
      { what: 'their size encrypted', value: storedBytes / 1000, unit: 'kB' },
    ];
  },
};

async function timeRound(harness: Harness) {
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let job = 0; job < JOBS; job += 1) {
    const start = performance.now();
    await harness.run({});
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  return { wallMs: percentile(times, 0.5), cpuMs: (user + system) / 1000 / JOBS };
}

/** All payloads of a real job, each as often as the history has it. */
async function timeCodec({ address, namespace }: TestServer, harness: Harness, keys: string[]) {
  const { handle } = await harness.run({});
  const connection = await Connection.connect({ address });
  const execution = { workflowId: handle.workflowId };
  const { history } = await connection.workflowService.getWorkflowExecutionHistory({ namespace, execution });
  await connection.close();
  const stored = await listPayloads(history);
  const codec = createPayloadCodec(keys);
  const decoded = await codec.decode(stored);
  const times: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const start = performance.now();
    for (const payload of decoded) await codec.decode(await codec.encode([payload]));
    times.push(performance.now() - start);
  }
  const sizeOf = (payloads: Payload[]) => payloads.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  return {
    payloads: stored.length,
    bytes: sizeOf(decoded),
    storedBytes: sizeOf(stored),
    ms: percentile(times, 0.5),
  };
}
