import { beforeAll, describe, expect, it } from 'vitest';
import { completeTwice, type Repetition, WRITERS } from './completed-twice.ts';

/** Temporal may lose the completion of an activity, for example if it restarts at that moment, and then has it run again. */
describe('an activity whose completion is lost runs again, and changes nothing', () => {
  let repetitions: Repetition[];

  beforeAll(async () => {
    repetitions = await completeTwice();
  }, 300_000);

  it.each(WRITERS)('%s', (activity) => {
    const runs = repetitions.filter((one) => one.activity === activity);

    expect(runs.length).toBeGreaterThan(0);
    expect(runs.flatMap(({ changed }) => changed)).toEqual([]);
  });
});
