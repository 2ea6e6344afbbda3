import type { RetentionRunList } from '../../../src/contracts/schemas/retention.ts';
import { readJson } from '../../server/server.ts';
import { formatBytes, formatWhen } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { usePolled } from '../../ui/hooks.ts';

const POLL_INTERVAL_MS = 15_000;

/** What the latest retention runs deleted. */
export function RetentionPanel() {
  const t = strings.value.operations;
  const answer = usePolled(
    async () => (await readJson<Partial<RetentionRunList>>('/api/pipeline/retention')) ?? {},
    POLL_INTERVAL_MS,
  );
  const runs = (answer?.runs ?? []).filter((run) => !run.dry_run);
  return (
    <section class="card panel" aria-labelledby="retention-title">
      <h2 id="retention-title">{t.retention}</h2>
      {runs.length === 0 && answer && <p class="muted">{t.noRetention}</p>}
      <ul class="rows number">
        {runs.slice(0, 5).map(({ started_at, deleted }) => (
          <li key={started_at}>
            <span>{formatWhen(started_at)}</span>
            <span class="muted">{t.removed(deleted.files, formatBytes(deleted.bytes))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
