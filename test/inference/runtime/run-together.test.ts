import { expect, it } from 'vitest';
import { runTogether } from '../../../src/inference/runtime/run-together.ts';

function doubling(most: number) {
  const groups: number[][] = [];
  const double = runTogether(
    async (numbers: number[]) => {
      groups.push(numbers);
      await new Promise((resolve) => setImmediate(resolve));
      if (numbers.includes(13)) {
        throw new Error(`No luck with ${numbers}`);
      }
      return numbers.map((number) => 2 * number);
    },
    () => most,
  );
  return { groups, double };
}

it('batches calls of the same turn, and returns each its own result', async () => {
  const { groups, double } = doubling(4);
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(groups).toEqual([[1, 2, 3]]);
});

it('keeps order and limit, and batches calls that arrive during a run', async () => {
  const { groups, double } = doubling(2);
  const early = [1, 2, 3].map(double);
  // The first group has begun by then.
  await Promise.resolve();
  await Promise.resolve();
  expect(await Promise.all([...early, double(4)])).toEqual([2, 4, 6, 8]);
  expect(groups).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

it('lets only the bad input of a batch fail', async () => {
  const { double } = doubling(3);
  await expect(Promise.allSettled([1, 13, 3].map(double))).resolves.toMatchObject([
    { value: 2 },
    { reason: { message: 'No luck with 13' } },
    { value: 6 },
  ]);
});

it('does not batch if there is no gain', async () => {
  const { groups, double } = doubling(1);
  await Promise.all([1, 2].map(double));
  expect(groups).toEqual([[1], [2]]);
});
