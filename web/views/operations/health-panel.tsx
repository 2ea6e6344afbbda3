import { readJson } from '../../server/server.ts';
import { info } from '../../state/info.ts';
import { strings } from '../../strings/strings.ts';
import { usePolled } from '../../ui/hooks.ts';

interface Health {
  status?: string;
  reason?: string;
  message?: string;
  detail?: string;
  credits?: { remaining: number; total: number };
}

/** The server repeats its self-tests only this often, because each runs a model. */
const POLL_INTERVAL_MS = 15_000;

const PATHS = {
  api: '/health',
  'person-detection': '/api/person-detection/health',
  'background-removal': '/api/background-removal/health',
};
const LOOKS: Record<string, string> = { ok: 'good', degraded: 'warn', down: 'bad', failing: 'bad' };

export function HealthPanel() {
  const t = strings.value.operations;
  const remote = info.value.providers.filter(({ kind }) => kind === 'remote');
  return (
    <section class="card panel" aria-labelledby="health-title">
      <h2 id="health-title">{t.health}</h2>
      <ul class="rows">
        {Object.entries(PATHS).map(([part, path]) => (
          <Part key={part} title={t.parts[part]} path={path} />
        ))}
        {remote.map(({ name, label, available }) =>
          available ? (
            <Part key={name} title={label} path={`/api/${name}/health`} />
          ) : (
            <li key={name}>
              <span>{label}</span>
              <span class="state">{t.states.off}</span>
            </li>
          ),
        )}
      </ul>
    </section>
  );
}

function Part({ title, path }: { title: string | undefined; path: string }) {
  const t = strings.value.operations;
  const health = usePolled(async () => (await readJson<Health>(path)) ?? {}, POLL_INTERVAL_MS, [path]);
  const status = typeof health?.status === 'string' ? health.status : health ? 'unknown' : undefined;
  const why = health?.reason ?? health?.message ?? health?.detail;
  return (
    <li>
      <span>{title}</span>
      <span class={`state ${LOOKS[status ?? ''] ?? ''}`}>{status ? (t.states[status] ?? status) : '…'}</span>
      {health?.credits && (
        <span class="muted small number">{t.credits(health.credits.remaining, health.credits.total)}</span>
      )}
      {why && <span class="muted small">{why}</span>}
    </li>
  );
}
