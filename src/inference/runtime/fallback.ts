import type { LadderStep } from '../../contracts/job.ts';
import { isDeviceFailure, isOutOfMemory } from './device-failure.ts';
import type { ExecutionProvider } from './execution-provider.ts';
import { describeRung, type Rung } from './fallback-levels.ts';

/** A task's model on the best rung that holds. It only goes down: a new process begins at the top again. */
export interface Ladder<Model> {
  readonly rung: Rung;
  readonly model: Model;
  /** Facts of the self-test at the start. */
  readonly facts: Record<string, string | number | boolean>;
  /** The way down so far, in this process. */
  readonly steps: readonly LadderStep[];
  /** Whether a rung broke after the start: its sessions still hold memory, and the device may have recovered. */
  readonly worn: boolean;
  /**
   * Runs the work, again on each lower rung where a device fails under it. Rejects with what the work rejects with, and
   * with DEVICE_FAILED where the lowest rung breaks too.
   */
  run<T>(work: (model: Model) => Promise<T>): Promise<T>;
}

export interface LadderOptions<Model> {
  /** Best first; the last ones on the CPU. */
  rungs: readonly Rung[];
  open(rung: Rung): Promise<Model>;
  /** A real run. */
  selfTest(model: Model): Promise<Record<string, string | number | boolean>>;
}

/**
 * Probes the rungs from the top by real runs. A provider that does not work here at all is passed over and told in the
 * facts; a rung that wants more memory than there is, is a step down. On the CPU every other error is the model's own,
 * and is thrown.
 */
export async function createLadder<Model>({
  rungs,
  open,
  selfTest,
}: LadderOptions<Model>): Promise<Ladder<Model>> {
  let left = [...rungs];
  const steps: LadderStep[] = [];
  const unavailable = new Map<ExecutionProvider, string>();

  /** Goes to the next rung that opens; throws where there is none. */
  const descend = async (failure: Error): Promise<Model> => {
    for (let reason = failure; ; ) {
      const [broken, ...lower] = left as [Rung, ...Rung[]];
      // A device that fails for other reasons than memory fails for smaller inputs too.
      const next = isOutOfMemory(reason)
        ? lower
        : lower.filter(({ provider }) => provider !== broken.provider);
      if (!next[0]) {
        throw reason;
      }
      left = next;
      steps.push({ from: describeRung(broken), to: describeRung(next[0]), reason: reason.message });
      try {
        return await open(next[0]);
      } catch (error) {
        if (!isDeviceFailure(error)) {
          throw error;
        }
        reason = error;
      }
    }
  };

  const start = async (): Promise<[Model, Ladder<Model>['facts']]> => {
    for (;;) {
      const rung = left[0]!;
      try {
        const opened = await open(rung);
        return [opened, await selfTest(opened)];
      } catch (error) {
        const lower = left.slice(1);
        const elsewhere = lower.filter(({ provider }) => provider !== rung.provider);
        if (isOutOfMemory(error) && lower[0]) {
          steps.push({
            from: describeRung(rung),
            to: describeRung(lower[0]),
            reason: (error as Error).message,
          });
          left = lower;
        } else if (rung.provider !== 'cpu' && elsewhere[0]) {
          unavailable.set(rung.provider, (error as Error).message);
          left = elsewhere;
        } else {
          throw error;
        }
      }
    }
  };

  let [model, facts] = await start();
  const stepsAtStart = steps.length;
  facts = {
    ...facts,
    provider: left[0]!.provider,
    ...(unavailable.size > 0 && {
      unavailable: [...unavailable].map(([provider, reason]) => `${provider}: ${reason}`).join('; '),
    }),
    ...(steps.length > 0 && { ladder: steps.map(({ from, to }) => `${from} -> ${to}`).join('; ') }),
  };
  return {
    get rung() {
      return left[0]!;
    },
    get model() {
      return model;
    },
    facts,
    steps,
    get worn() {
      return steps.length > stepsAtStart;
    },
    async run(work) {
      for (;;) {
        try {
          return await work(model);
        } catch (error) {
          if (!isDeviceFailure(error)) {
            throw error;
          }
          model = await descend(error);
        }
      }
    },
  };
}
