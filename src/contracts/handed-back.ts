/**
 * Types of failures with which a worker hands an activity back. It is run again, and the attempt does not count. Histories
 * contain these names: never rename them.
 */
export const HANDED_BACK = {
  /** The worker drains, and the activity did not end in time. The SDK chose the name. */
  workerShutdown: 'WorkerShutdown',
  /** The worker was paused for so long that Temporal may have given the attempt to another one. */
  attemptLost: 'AttemptLost',
} as const;

const TYPES: readonly string[] = Object.values(HANDED_BACK);

/** Whether a failure of this type handed an activity back. */
export function isHandedBackType(type: string | null | undefined): boolean {
  return type != null && TYPES.includes(type);
}
