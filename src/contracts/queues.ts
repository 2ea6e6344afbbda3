/**
 * Task queues. The cap of a queue is the `maxConcurrentActivityTaskExecutions` of the workers that poll it:
 * if the work runs in child processes, the cap is the number of slots.
 */
export const QUEUES = {
  /** Workflow tasks of every workflow. */
  pipeline: 'pipeline',
  /** Short activities that wait for disks and networks. */
  io: 'io',
  /** Decoding of untrusted files, in a process that may crash. One at a time keeps jobs in order of submission. */
  media: 'media',
  /** Person detection: 2 slots on a GPU worker. */
  yolo: 'yolo',
  /** Background removal: 1 slot on a GPU worker. */
  birefnet: 'birefnet',
  /** Frames of the built-in renderer. */
  render: 'render',
  /** Frames whose mouth a lip-sync network draws: 1 slot. */
  lipSync: 'lipsync',
  /** Requests to receivers of webhooks, which may be slow: no job waits behind them. */
  webhooks: 'webhooks',
} as const;

export type QueueName = keyof typeof QUEUES;

const OWN_QUEUES: ReadonlySet<string> = new Set(Object.values(QUEUES));

/** Each remote provider has a queue with its own name: requests to it, one activity each. */
export function isProviderQueue(queue: string): boolean {
  return !OWN_QUEUES.has(queue);
}
