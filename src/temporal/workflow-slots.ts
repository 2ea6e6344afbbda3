import type { CustomSlotSupplier, WorkerTuner, WorkflowSlotInfo } from '@temporalio/worker';

/** Workflow tasks at a time. */
export interface WorkflowSlots {
  /** Of executions that this worker has not in its cache: new ones, for the most part. */
  fresh: number;
  /** Of those that it has. */
  cached: number;
}

type Kind = keyof WorkflowSlots;

/**
 * New jobs one at a time: more of them end in any order, so that jobs would enter the queues of their slots in another
 * order than they were submitted in. Those under way are told apart by what they wait for, and keep their order well
 * enough; one at a time they would wait for each other's way to the server and back, with cores that have nothing to do.
 */
const SLOTS: WorkflowSlots = { fresh: 1, cached: 10 };
/** What the SDK gives everything else. */
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
