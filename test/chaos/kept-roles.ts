import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesBelow } from '../harness/stack/processes-below.ts';
import { type Role, type RoleProcess, startRole } from '../harness/stack/role-process.ts';

const RESTART_DELAY_MS = 300;
const READY_TIMEOUT_MS = 180_000;
const POLL_MS = 200;

export interface KeptProcess {
  name: string;
  pid: number;
}

/** Processes of Limelight that are started again whenever they die, as a supervisor does it. */
export class KeptRoles implements AsyncDisposable {
  readonly #logs: string;
  readonly #processes = new Map<string, RoleProcess>();
  #isClosing = false;

  /** @param logs folder for a log of each process */
  constructor(logs: string) {
    this.#logs = logs;
  }

  async start(role: Role, name: string, where: Parameters<typeof startRole>[1]): Promise<void> {
    const started = await startRole(role, where);
    this.#processes.set(name, started);
    const log = createWriteStream(join(this.#logs, `${name}.log`), { flags: 'a' });
    started.watch({
      onOutput: (text) => log.write(text),
      onDeath: async () => {
        log.write(`=== ${new Date().toISOString()} it died\n`);
        await sleep(RESTART_DELAY_MS);
        if (!this.#isClosing) started.start();
      },
    });
  }

  urlsOf(role: Role): string[] {
    return [...this.#processes.values()].filter((one) => one.role === role).map(({ url }) => url);
  }

  /** Those that are not just being started again. */
  running(role: Role): KeptProcess[] {
    return [...this.#processes].flatMap(([name, one]) =>
      one.role === role && one.pid !== undefined ? [{ name, pid: one.pid }] : [],
    );
  }

  /** The child processes of the workers that run a model or a codec. */
  async slots(): Promise<KeptProcess[]> {
    const workers = [...this.running('io'), ...this.running('gpu')];
    const slotsOf = async (worker: KeptProcess) =>
      (await processesBelow(worker.pid))
        .filter(({ args }) => args.startsWith('limelight '))
        .map(({ pid, args }) => ({ pid, name: `${args.slice('limelight '.length)} of ${worker.name}` }));
    return (await Promise.all(workers.map(slotsOf))).flat();
  }

  async untilReady(): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (const [name, one] of this.#processes) {
      while (!(await one.isReady())) {
        if (Date.now() > deadline) throw new Error(`${name} is not ready: see ${this.#logs}`);
        await sleep(POLL_MS);
      }
    }
  }

  /** @returns what did not end as it should */
  async stop(): Promise<string[]> {
    this.#isClosing = true;
    const unclean: string[] = [];
    for (const [name, one] of this.#processes) {
      const { exitCode } = await one.stop();
      if (exitCode !== 0) unclean.push(`${name} ended with ${exitCode}`);
    }
    return unclean;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
