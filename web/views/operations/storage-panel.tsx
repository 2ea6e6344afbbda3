import type { StorageStats } from '../../../src/contracts/schemas/operation.ts';
import { readJson } from '../../server/server.ts';
import { formatBytes, formatNumber } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { usePolled } from '../../ui/hooks.ts';

const POLL_INTERVAL_MS = 10_000;

export function StoragePanel() {
  const t = strings.value.operations;
  const answer = usePolled(
    async () => (await readJson<StorageStats>('/api/pipeline/storage/stats')) ?? null,
    POLL_INTERVAL_MS,
  );
  const stats = answer?.tiers ? answer : undefined;
  const tiers = Object.entries(stats?.tiers ?? {});
  const whole = Math.max(1e-9, ...[tiers.reduce((sum, [, tier]) => sum + tier.size_mb, 0)]);
  return (
    <section class="card panel" aria-labelledby="storage-title">
      <h2 id="storage-title">{t.storage}</h2>
      {stats?.disk && (
        <p>
          <span class="big-number number">{t.free(formatNumber(stats.disk.free_gb, 1))}</span>
          <br />
          <span class="muted number">{t.used(Math.round(stats.disk.percent_used))}</span>
        </p>
      )}
      {stats && (
        <>
          <div class="tiers" aria-hidden="true">
            {tiers.map(([name, tier]) => (
              <i key={name} style={{ inlineSize: `${(tier.size_mb / whole) * 100}%` }} />
            ))}
          </div>
          <ul class="rows number">
            {tiers.map(([name, { files, size_mb }]) => (
              <li key={name}>
                <span>{t.tiers[name] ?? name}</span>
                <span class="muted">
                  {t.files(files)} · {formatBytes(size_mb * 1e6)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {answer !== undefined && !stats && <p class="muted">{t.noStorage}</p>}
    </section>
  );
}
