import type { QueueStatus } from '../../../src/contracts/schemas/operation.ts';
import { readJson } from '../../server/server.ts';
import { formatDuration } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { usePolled } from '../../ui/hooks.ts';

const POLL_INTERVAL_MS = 3_000;
/** Queues that every server has. Queues of the GPU worker are shown with their slots instead. */
const NAMES = ['media', 'render', 'io', 'pipeline'] as const;

/** Queues without GPU slots. */
export function OtherQueues() {
  const t = strings.value.operations;
  const queues = usePolled(
    async () => (await readJson<Partial<Record<string, QueueStatus>>>('/api/queues')) ?? {},
    POLL_INTERVAL_MS,
  );
  return (
    <ul class="rows number">
      {NAMES.map((name) => {
        const queue = queues?.[name];
        return (
          <li key={name}>
            <span>{t.queueNames[name]}</span>
            <span class="muted">{queue && typeof queue.waiting === 'number' ? toWords(queue) : '–'}</span>
          </li>
        );
      })}
    </ul>
  );
}

function toWords({ waiting, oldest_ms, workers }: QueueStatus): string {
  const t = strings.value.operations;
  return [
    workers > 0 ? t.workers(workers) : t.noSlots,
    t.waiting(waiting),
    waiting > 0 && oldest_ms > 0 && t.oldest(formatDuration(oldest_ms)),
  ]
    .filter(Boolean)
    .join(' · ');
}
