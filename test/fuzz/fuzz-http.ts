import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { startPipelineWorker } from '../harness/api/pipeline-worker.ts';
import { openRawConnection } from '../harness/api/raw-connection.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestApi } from '../harness/api/test-api.ts';
import type { TestServer } from '../harness/temporal-server.ts';
import { startApiProcess } from './api-process.ts';
import { type Facts, type HostileRequest, hostileRequests } from './hostile-http.ts';
import type { EventLoopReport } from './watch-event-loop.ts';

export interface FuzzHttpOptions {
  server: TestServer;
  /** How many requests. */
  count: number;
  /** The same seed gives the same requests. */
  seed: number;
}

export interface FuzzHttpReport extends EventLoopReport {
  requests: number;
  /** How many answers had each status; `none` for connections that were closed without one. */
  answers: Record<string, number>;
  /** Of all requests, in the process of the API. */
  cpuS: number;
  /** What is left after the last client has gone. */
  readers: number;
  scratch: string[];
  /** Status of the task that was there before. */
  taskStatus: number;
}

/** Requests of a run. More would often share a turn of the event loop, whose length is judged as that of one request. */
const AT_ONCE = 8;
const WARM_UP = 1_000;
const ANSWER_TIMEOUT_MS = 20_000;
/** Requests whose clients have left have ended by then, on a busy machine too. */
const SETTLE_MS = 20_000;
const READERS = 'limelight_progress_readers';

/**
 * Sends hostile requests to an API in a process of its own, over a real Temporal, with a finished task.
 * @throws Error if the process ends, a valid request gets no answer, or any answer is 500
 */
export async function fuzzHttp({ server, count, seed }: FuzzHttpOptions): Promise<FuzzHttpReport> {
  await using api = await startTestApi(server.client);
  await using _worker = await startPipelineWorker(server, api, { providers: api.deps.providers });
  const secret = await api.keys.create('acme', ['submit', 'read']);
  const admin = await api.keys.create('boss', ['admin']);
  const { taskId } = await submit(api, { headers: { Authorization: `Bearer ${secret}` }, waitS: 30 });
  await using target = await startApiProcess({
    ...server.env,
    STORAGE_ROOT: api.root,
    API_RATE_PER_S: '1000000',
    API_RATE_BURST: '1000000',
  });
  const ask = (path: string) =>
    fetch(`${target.url}${path}`, { headers: { Authorization: `Bearer ${admin}` } });
  const metric = async (name: string) =>
    Number(
      new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await (await ask('/metrics')).text())?.[1],
    );

  // Every process compiles its code with the first requests.
  await send(target.url, { taskId, secret }, { count: WARM_UP, seed: seed + 1 });
  await target.readEventLoop();
  const cpuBefore = await metric('process_cpu_seconds_total');
  const answers = await send(target.url, { taskId, secret }, { count, seed }).catch((error) => {
    throw new Error(`${error.message}\nIts log: ${target.output().slice(-4_000)}`, { cause: error });
  });
  const eventLoop = await target.readEventLoop();
  const cpuS = (await metric('process_cpu_seconds_total')) - cpuBefore;
  const readScratch = () => readdir(join(api.root, '.scratch'));
  const deadline = Date.now() + SETTLE_MS;
  while (Date.now() < deadline && ((await readScratch()).length > 0 || (await metric(READERS)) > 0)) {
    await sleep(200);
  }
  if (!target.isAlive()) throw new Error(`The API has ended: ${target.output()}`);
  return {
    requests: Object.values(answers).reduce((sum, one) => sum + one, 0),
    answers,
    ...eventLoop,
    cpuS,
    readers: await metric(READERS),
    scratch: await readScratch(),
    taskStatus: (await ask(`/api/pipeline/status/${taskId}`)).status,
  };
}

/** @returns how many answers had each status */
async function send(
  url: string,
  facts: Facts,
  { count, seed }: { count: number; seed: number },
): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  const sendOne = async (request: HostileRequest) => {
    const status = await exchange(url, request);
    answers[status] = (answers[status] ?? 0) + 1;
    const isExpected = status === 'none' ? !request.isWhole : status !== '500';
    if (!isExpected) {
      throw new Error(`The answer to this request was ${status}: ${JSON.stringify(request).slice(0, 1_000)}`);
    }
  };
  const run = fc.array(hostileRequests(facts), { minLength: AT_ONCE, maxLength: AT_ONCE });
  const { errorInstance } = await fc.check(
    fc.asyncProperty(run, async (requests) => {
      await Promise.all(requests.map(sendOne));
    }),
    { seed, numRuns: Math.ceil(count / AT_ONCE), endOnFailure: true },
  );
  if (errorInstance) throw errorInstance;
  return answers;
}

/** The status of the first answer, or `none`. */
async function exchange(url: string, { bytes, isWhole, leavesAfterMs }: HostileRequest): Promise<string> {
  using connection = openRawConnection(url);
  const { socket, closed, received } = connection;
  const answered = new Promise((resolve) => socket.once('data', resolve));
  socket.write(Buffer.from(bytes, 'latin1'));
  const timeout = new AbortController();
  const enough = sleep(isWhole ? ANSWER_TIMEOUT_MS : leavesAfterMs, undefined, timeout).catch(
    () => undefined,
  );
  await Promise.race([closed, enough, ...(isWhole ? [answered] : [])]);
  timeout.abort();
  return /^HTTP\/1\.1 (\d{3}) /.exec(received())?.[1] ?? 'none';
}
