import type { SlotReserveContext } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { createWorkflowSlotSupplier } from '../../src/temporal/workflow-slots.ts';

const NEVER = new AbortController().signal;
const fresh: SlotReserveContext = {
  slotType: 'workflow',
  taskQueue: 'pipeline',
  workerIdentity: 'a',
  workerBuildId: '',
  isSticky: false,
};
const cached: SlotReserveContext = { ...fresh, isSticky: true };

const isSettled = (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(resolve, false))]);

it('admits as many of each kind as there are slots, and none into the slots of another kind', async () => {
  const slots = createWorkflowSlotSupplier({ fresh: 1, cached: 2 });

  const taken = await Promise.all([
    slots.reserveSlot(fresh, NEVER),
    slots.reserveSlot(cached, NEVER),
    slots.reserveSlot(cached, NEVER),
  ]);

  const next = { fresh: slots.reserveSlot(fresh, NEVER), cached: slots.reserveSlot(cached, NEVER) };
  expect([await isSettled(next.fresh), await isSettled(next.cached)]).toEqual([false, false]);
  expect([slots.tryReserveSlot(fresh), slots.tryReserveSlot(cached)]).toEqual([null, null]);
  slots.releaseSlot({ permit: taken[0]! });
  expect([await isSettled(next.fresh), await isSettled(next.cached)]).toEqual([true, false]);
  slots.releaseSlot({ permit: taken[1]! });
  expect(await isSettled(next.cached)).toBe(true);
});

it('gives a free slot to the longest waiting task', async () => {
  const slots = createWorkflowSlotSupplier({ fresh: 1, cached: 1 });
  const permit = await slots.reserveSlot(cached, NEVER);
  const waiting = [slots.reserveSlot(cached, NEVER), slots.reserveSlot(cached, NEVER)];

  slots.releaseSlot({ permit });

  expect(slots.tryReserveSlot(cached)).toBeNull();
  expect(await Promise.all(waiting.map(isSettled))).toEqual([true, false]);
});

it('keeps no slot for a task that has stopped waiting', async () => {
  const slots = createWorkflowSlotSupplier({ fresh: 1, cached: 1 });
  const permit = await slots.reserveSlot(cached, NEVER);
  const stop = new AbortController();
  const given = slots.reserveSlot(cached, stop.signal);

  stop.abort();

  await expect(given).rejects.toBe(stop.signal.reason);
  slots.releaseSlot({ permit });
  expect(slots.tryReserveSlot(cached)).not.toBeNull();
});
