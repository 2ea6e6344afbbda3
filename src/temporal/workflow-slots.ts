import type { CustomSlotSupplier, WorkerTuner, WorkflowSlotInfo } from '@temporalio/worker';

/** How many workflow tasks run at a time. */
export interface WorkflowSlots {
  /** Tasks of executions that are not in this worker's cache: mostly new ones. */
  fresh: number;
  /** Tasks of executions in the cache. */
  cached: number;
}

type Kind = keyof WorkflowSlots;

/**
 * New jobs one at a time: parallel tasks finish in any order, so jobs would enter the slot queues in a different order
 * than they were submitted. Running jobs wait for different events and keep their order well enough; one at a time they
 * would wait for each other's round trips to the server while cores idle.
 */
const SLOTS: WorkflowSlots = { fresh: 1, cached: 10 };
/** The SDK's default for everything else. */
const OTHERS = { type: 'fixed-size', numSlots: 100 } as const;

export function workflowSlots(): WorkerTuner {
  return {
    workflowTaskSlotSupplier: createWorkflowSlotSupplier(SLOTS),
    activityTaskSlotSupplier: OTHERS,
    localActivityTaskSlotSupplier: OTHERS,
    nexusTaskSlotSupplier: OTHERS,
  };
}

/** A counted semaphore for each kind, first come, first served. */
export function createWorkflowSlotSupplier(slots: WorkflowSlots): CustomSlotSupplier<WorkflowSlotInfo> {
  const free = { ...slots };
  const waiting: Record<Kind, Array<(permit: { kind: Kind }) => void>> = { fresh: [], cached: [] };

  const tryReserveSlot = ({ isSticky }: { isSticky: boolean }) => {
    const kind = isSticky ? 'cached' : 'fresh';
    if (free[kind] === 0) {
      return null;
    }
    free[kind] -= 1;
    return { kind } as const;
  };
  return {
    type: 'custom',
    tryReserveSlot,
    async reserveSlot(context, signal) {
      const permit = tryReserveSlot(context);
      if (permit) {
        return permit;
      }
      const line = waiting[context.isSticky ? 'cached' : 'fresh'];
      return new Promise((resolve, reject) => {
        line.push(resolve);
        signal.addEventListener(
          'abort',
          () => {
            const place = line.indexOf(resolve);
            if (place >= 0) {
              line.splice(place, 1);
              reject(signal.reason);
            }
          },
          { once: true },
        );
      });
    },
    markSlotUsed() {},
    releaseSlot({ permit }) {
      const { kind } = permit as { kind: Kind };
      const next = waiting[kind].shift();
      if (next) {
        next({ kind });
      } else {
        free[kind] += 1;
      }
    },
  };
}
