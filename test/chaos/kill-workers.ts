import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mulberry32 } from '../../emulators/d-id/seeded-faults.ts';
import { startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import type { ProviderTerms } from '../../src/contracts/provider-gate.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { generateVideo } from '../../src/workflows/index.ts';
import { TERMS } from '../harness/d-id-harness.ts';
import { toJobInput } from '../harness/pipeline-harness.ts';
import { stop } from '../harness/stop.ts';
import { startTestServer } from '../harness/temporal-server.ts';

export interface ChaosWorkerOptions {
  temporal: string;
  dId: string;
  apiKey: string;
  folder: string;
  terms: ProviderTerms;
}

export interface ChaosResult {
  videos: number;
  paidTalks: number;
  /** Jobs that were paid for more than once. */
  paidTwice: string[];
  kills: number;
  /** What other jobs ended with. */
  errors: string[];
  seconds: number;
}

const WORKERS = 2;
const TALK_MS = 2_000;
const LEAST_LIFE_MS = 500;
const MOST_LIFE_MS = 3_000;

/** Jobs for D-ID while their workers are killed with SIGKILL, each at a random moment after it is ready. */
export async function killWorkers({
  jobs,
  kills,
  seed,
}: {
  jobs: number;
  kills: number;
  seed: number;
}): Promise<ChaosResult> {
  const startedAt = performance.now();
  await using server = await startTestServer();
  await using emulator = await startEmulator();
  const apiKey = 'chaos:monkey';
  const account = emulator.open({ apiKey, talkMs: () => TALK_MS, listDelayMs: 300 });
  const folder = await mkdtemp(join(tmpdir(), 'limelight-chaos-'));
  const terms: ProviderTerms = { ...TERMS, timeScale: 0.1, maxTalksInFlight: jobs, talkTimeoutMs: 120_000 };
  const options: ChaosWorkerOptions = { temporal: server.address, dId: emulator.url, apiKey, folder, terms };

  const inputs = Array.from({ length: jobs }, () => toJobInput({ provider: 'd-id' }));
  const handles = await Promise.all(
    inputs.map((input) =>
      server.client.workflow.start<typeof generateVideo>('generateVideo', {
        workflowId: toWorkflowId(input.taskId),
        taskQueue: QUEUES.pipeline,
        args: [input],
      }),
    ),
  );
  const killer = new Killer(options, kills, mulberry32(seed));
  const killing = killer.run();
  const ends = await Promise.allSettled(handles.map((handle) => handle.result()));
  await killer.stop();
  await killing;
  await rm(folder, { recursive: true, force: true });

  const paid = account.ledger.map(({ userData }) => userData ?? 'nobody');
  return {
    videos: ends.filter(({ status }) => status === 'fulfilled').length,
    paidTalks: paid.length,
    paidTwice: paid.filter((job, index) => paid.indexOf(job) !== index),
    kills: killer.kills,
    errors: ends.flatMap((end) =>
      end.status === 'rejected' ? [String(end.reason.cause ?? end.reason)] : [],
    ),
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
}

/** Keeps workers running and kills them. */
class Killer {
  readonly #options: ChaosWorkerOptions;
  readonly #dice: () => number;
  readonly #mostKills: number;
  readonly #stopping = new AbortController();
  readonly #children = new Set<ChildProcess>();
  kills = 0;

  constructor(options: ChaosWorkerOptions, mostKills: number, dice: () => number) {
    this.#options = options;
    this.#mostKills = mostKills;
    this.#dice = dice;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: WORKERS }, () => this.#liveAndDie()));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#children].map((child) => stop(child, 'SIGKILL')));
  }

  async #liveAndDie(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const child = await this.#spawn();
      const lifeMs = LEAST_LIFE_MS + this.#dice() * (MOST_LIFE_MS - LEAST_LIFE_MS);
      await sleep(lifeMs, undefined, { signal }).catch(() => undefined);
      // Asked after the sleep: the other worker may have taken the last kill meanwhile.
      if (signal.aborted || this.kills >= this.#mostKills) {
        return;
      }
      this.kills += 1;
      await stop(child, 'SIGKILL');
      this.#children.delete(child);
    }
  }

  async #spawn(): Promise<ChildProcess> {
    const path = fileURLToPath(new URL('worker-main.ts', import.meta.url));
    const child = spawn(process.execPath, [path, JSON.stringify(this.#options)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#children.add(child);
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
    return child;
  }
}
