import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { explore, isEnabled, type Op, START, type State, toVisible } from './model.ts';
import type { RetriedTask, RetryWorld } from './world.ts';

export interface OrdersOptions {
  seed: number;
  /** How many tasks. */
  count: number;
  /** Of a failed run, to replay that one task. */
  path?: string | undefined;
  onStep?: (line: string) => void;
}

const MAX_COMMANDS = 15;
/** More than Temporal waits for a workflow task of a killed worker. */
const SEE_TIMEOUT_MS = 60_000;
/** Steps of the task between two requests take less. */
const SETTLE_MS = 200;
const POLL_INTERVAL_MS = 30;

const from = fc.constantFrom('upload' as const, 'provider' as const, undefined);
const holdAt = fc.constantFrom('undo' as const, 'record' as const, undefined);
const fail = holdAt.map((at): Op => (at === undefined ? { name: 'fail' } : { name: 'fail', holdAt: at }));
const retry = from.map((point): Op => ({ name: 'retry', from: point }));
const one = (name: Exclude<Op['name'], 'retry'>) => fc.constant<Op>({ name });

/** Requests that are made at the same time. */
const together: fc.Arbitrary<Op[]> = fc.oneof(
  { weight: 4, arbitrary: fail.map((op) => [op]) },
  { weight: 4, arbitrary: retry.map((op) => [op]) },
  { weight: 2, arbitrary: one('release').map((op) => [op]) },
  {
    weight: 1,
    arbitrary: fc.oneof(one('succeed'), one('cancel'), one('close'), one('kill')).map((op) => [op]),
  },
  { weight: 3, arbitrary: fc.tuple(retry, fc.oneof(retry, one('close'), one('cancel'), one('release'))) },
  { weight: 1, arbitrary: fc.tuple(one('fail'), fc.oneof(retry, one('cancel'))) },
  { weight: 1, arbitrary: fc.tuple(one('release'), fc.oneof(one('cancel'), one('close'))) },
  {
    weight: 1,
    arbitrary: fc.tuple(one('kill'), fc.oneof(retry, one('release'), one('close'), one('cancel'))),
  },
  { weight: 1, arbitrary: fc.oneof(fc.tuple(one('erase')), fc.tuple(one('erase'), retry)) },
);

/** The states in which the task can be. Usually there is one. */
interface Model {
  states: State[];
}

class Requests implements fc.AsyncCommand<Model, RetriedTask> {
  readonly ops: Op[];
  readonly #onStep: (line: string) => void;

  constructor(ops: Op[], onStep: (line: string) => void) {
    this.ops = ops;
    this.#onStep = onStep;
  }

  check({ states }: Readonly<Model>): boolean {
    return states.every((state) => this.ops.every((op) => isEnabled(state, op)));
  }

  async run(model: Model, task: RetriedTask): Promise<void> {
    this.#onStep(`${model.states.map(describe).join(' or ')}: ${this}`);
    const answers = await Promise.all(this.ops.map((op) => task.do(op)));
    const isErased = this.ops.some(({ name }) => name === 'erase');
    const possible = model.states
      .flatMap((state) => explore(state, this.ops))
      // Erasing takes several steps, and a retry between any two of them is accepted or refused.
      .filter((outcome) => isErased || isDeepStrictEqual(outcome.answers, answers))
      .map(({ state }) => state);
    if (possible.length === 0) {
      throw new Error(`No order of these requests gives the answers ${answers.join(', ')}`);
    }
    model.states = await untilOneOf(possible, task, answers.join(', '));
  }

  toString(): string {
    return this.ops.map((op) => JSON.stringify(op)).join(' with ');
  }
}

/** Waits until the task looks like one of the states and stays so. */
async function untilOneOf(states: State[], task: RetriedTask, answers: string): Promise<State[]> {
  const giveUpAt = Date.now() + SEE_TIMEOUT_MS;
  for (;;) {
    const matching = async () => {
      const seen = await task.see();
      return states.filter((state) => isDeepStrictEqual(toVisible(state), seen));
    };
    if ((await matching()).length > 0) {
      await sleep(states.length > 1 ? SETTLE_MS : 0);
      const settled = await matching();
      if (settled.length > 0) {
        return settled;
      }
    }
    if (Date.now() > giveUpAt) {
      throw new Error(
        `After ${answers} expected ${states.map((state) => JSON.stringify(toVisible(state))).join(' or ')}, but the task ${task.taskId} is ${JSON.stringify(await task.see())}`,
      );
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

function describe({ job, window, holdAt: at, attempt }: State): string {
  return `attempt ${attempt} ${job}, window ${window}${at ? `, held at ${at}` : ''}`;
}

/** Tasks, each with random requests in random orders. Rejects with the seed and the path of one that breaks the model. */
export async function runOrders(world: RetryWorld, options: OrdersOptions): Promise<void> {
  const { seed, count, path, onStep = () => {} } = options;
  const commands = fc.commands([together.map((ops) => new Requests(ops, onStep))], {
    maxCommands: MAX_COMMANDS,
    size: 'max',
  });
  await fc.assert(
    fc.asyncProperty(fail, commands, async (firstFailure, requests) => {
      const task = await world.submit();
      onStep(`task ${task.taskId}`);
      await fc.asyncModelRun(async () => {
        const model: Model = { states: [START] };
        model.states = await untilOneOf(model.states, task, 'submitted');
        // Most requests mean nothing before.
        await new Requests([firstFailure], onStep).run(model, task);
        return { model, real: task };
      }, requests);
      const problems = await task.finish();
      if (problems.length > 0) {
        throw new Error(problems.join('; '));
      }
    }),
    // A task takes seconds, so a failure is replayed and not shrunk.
    { seed, numRuns: count, endOnFailure: true, ...(path !== undefined && { path }) },
  );
}
