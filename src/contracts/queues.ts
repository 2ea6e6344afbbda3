/**
 * Task queues. The cap of a queue is the `maxConcurrentActivityTaskExecutions` of the workers that poll it:
 * where the work runs in child processes, the cap is the number of slots.
 */
export const QUEUES = {
  /** Workflow tasks of every workflow. */
  pipeline: 'pipeline',
  /** Short activities that wait for disks and networks. */
  io: 'io',
  /** Decoding what strangers sent, in a process that may crash. One at a time keeps jobs in order of submission. */
  media: 'media',
  /** Person detection: 2 slots on a GPU worker. */
  yolo: 'yolo',
  /** Background removal: 1 slot on a GPU worker. */
  birefnet: 'birefnet',
  /** Frames of the built-in renderer. */
  render: 'render',
  /** Frames whose mouth a lip-sync network draws: 1 slot. */
  lipSync: 'lipsync',
  /** Requests to D-ID, an activity each, at most `D_ID_REQUESTS_PER_S` a second over all workers. */
  dId: 'd-id',
  /** Requests to receivers of webhooks, which may be slow: no job waits behind them. */
  webhooks: 'webhooks',
} as const;

export type QueueName = keyof typeof QUEUES;
