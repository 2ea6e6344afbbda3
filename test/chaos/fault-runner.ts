import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosStack } from './chaos-stack.ts';
import { type Fault, laneOf } from './plan.ts';

/** One fault that has happened. */
export interface DoneFault {
  /** ISO 8601. */
  at: string;
  /** Such as `kill slot`, `outage of store`. */
  what: string;
  /** The process, or how the connection was disturbed. */
  name: string;
  /** How long it lasted; 0 for a kill. */
  ms: number;
}

/** How far jobs may run ahead of the faults that are planned before them, as a share of all jobs. */
const AHEAD = 0.04;
const POLL_MS = 50;
/** A process that was just killed is started again first. */
const VICTIM_TIMEOUT_MS = 10_000;

/** Keeps jobs and faults together, so that there are jobs to disturb until the last fault. */
export class FaultRunner {
  readonly done: DoneFault[] = [];
  /** Of faults that could not happen as planned, and of a stack that did not come back. */
  readonly problems: string[] = [];
  readonly #stack: ChaosStack;
  readonly #lanes: Map<string, Fault[]>;
  readonly #waiting: Set<Fault>;
  #submitted = 0;

  constructor(stack: ChaosStack, faults: Fault[]) {
    this.#stack = stack;
    this.#lanes = Map.groupBy(faults, laneOf);
    this.#waiting = new Set(faults);
  }

  /** Resolves when the job with this share of jobs before it may be submitted. */
  async maySubmit(share: number): Promise<void> {
    // First, so that the faults before it become due.
    this.#submitted = Math.max(this.#submitted, share);
    while ([...this.#waiting].some(({ at }) => at < share - AHEAD)) await sleep(POLL_MS);
  }

  /** No job comes any more: all faults are due. */
  endSubmissions(): void {
    this.#submitted = 1;
  }

  /** Resolves after the last fault, with every connection open. */
  async run(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => this.#runLane(lane)));
  }

  async #runLane(faults: Fault[]): Promise<void> {
    for (const fault of faults) {
      while (this.#submitted < fault.at) await sleep(POLL_MS);
      await sleep(fault.afterMs);
      this.#waiting.delete(fault);
      try {
        await this.#happen(fault);
      } catch (error) {
        this.problems.push(`${laneOf(fault)}: ${error}`);
      }
    }
  }

  async #happen(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill': {
        const { pid, name } = await this.#victim(fault);
        process.kill(pid, 'SIGKILL');
        this.#note(`kill ${fault.victim}`, name, 0);
        return;
      }
      case 'stop': {
        const { pid, name } = await this.#victim(fault);
        process.kill(pid, 'SIGSTOP');
        this.#note(`stop ${fault.victim}`, name, fault.ms);
        await sleep(fault.ms);
        try {
          process.kill(pid, 'SIGCONT');
        } catch {
          // It was killed meanwhile.
        }
        return;
      }
      case 'outage': {
        this.#note(`outage of ${fault.link}`, fault.how, fault.ms);
        await this.#stack.disturb(fault.link, fault.how, fault.choice);
        await sleep(fault.ms);
        await this.#stack.restore(fault.link);
        return;
      }
      case 'full disk':
        this.#note('full disk', 'all writes', fault.ms);
        await this.#stack.withFullDisk(fault.ms);
    }
  }

  async #victim({ victim, choice }: Extract<Fault, { kind: 'kill' | 'stop' }>) {
    for (const deadline = Date.now() + VICTIM_TIMEOUT_MS; ; await sleep(POLL_MS)) {
      const victims = await this.#stack.victims(victim);
      const chosen = victims[Math.floor(choice * victims.length)];
      if (chosen) return chosen;
      if (Date.now() > deadline) throw new Error(`there was no ${victim} for 10 s`);
    }
  }

  #note(what: string, name: string, ms: number): void {
    this.done.push({ at: new Date().toISOString(), what, name, ms });
  }
}
