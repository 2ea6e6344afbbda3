import type { GpuStatus } from '../../../src/contracts/schemas/gpu-status.ts';
import { readJson } from '../../server/server.ts';
import { info, webUiUrl } from '../../state/info.ts';
import { strings } from '../../strings/strings.ts';
import { usePolled } from '../../ui/hooks.ts';
import { Icon } from '../../ui/icon.tsx';
import { HealthPanel } from './health-panel.tsx';
import { OtherQueues } from './other-queues.tsx';
import { RetentionPanel } from './retention-panel.tsx';
import { StoragePanel } from './storage-panel.tsx';

const POLL_INTERVAL_MS = 3_000;

/** An overview for administrators. The Web UI and the metrics have the details. */
export function OperationsView() {
  const t = strings.value.operations;
  const gpu = usePolled(() => readJson<GpuStatus>('/api/gpu'), POLL_INTERVAL_MS);
  return (
    <>
      <div class="page-head">
        <h1>{t.title}</h1>
        <p class="muted">{t.lead}</p>
      </div>
      <div class="board">
        <div class="side">
          <section class="card panel" aria-labelledby="queues-title">
            <h2 id="queues-title">{t.queues}</h2>
            <div>
              <Queue name="yolo" gpu={gpu} />
              <Queue name="birefnet" gpu={gpu} />
              <OtherQueues />
            </div>
          </section>
          <StoragePanel />
        </div>
        <div class="side">
          <HealthPanel />
          <RetentionPanel />
          <TemporalPanel />
        </div>
      </div>
    </>
  );
}

function Queue({ name, gpu }: { name: 'yolo' | 'birefnet'; gpu: GpuStatus | undefined }) {
  const t = strings.value.operations;
  const queue = gpu?.queues?.[name];
  const slots = gpu?.workers?.flatMap((worker) => worker.slots[name].map((slot) => ({ worker, slot }))) ?? [];
  return (
    <div class="slot-row">
      <div class="head">
        <h3>{t.queueNames[name]}</h3>
        <span class="muted number">
          {queue
            ? `${queue.slots > 0 ? t.busy(queue.busy, queue.slots) : t.noSlots} · ${t.waiting(queue.waiting)}`
            : '–'}
        </span>
      </div>
      <div class="slots">
        {slots.map(({ worker, slot }, index) => (
          <div class="slot number" key={`${worker.host}.${worker.device}.${index}`}>
            <span class={`state ${slot.state === 'idle' ? 'good' : 'busy'}`}>
              {t.slot.states[slot.state]}
            </span>
            <span>
              {slot.facts.model} · {slot.facts.provider}
            </span>
            <span class="muted">
              {[
                t.slot.runs(slot.runs),
                slot.restarts > 0 && t.slot.restarts(slot.restarts),
                slot.memory_mb !== undefined && t.slot.memory(Math.round(slot.memory_mb)),
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

function TemporalPanel() {
  const t = strings.value.operations;
  // Reading the signal here renders the panel again when it changes.
  const links = info.value.web_ui && [
    [t.jobsRunning, webUiUrl('workflows?query=ExecutionStatus%3D%22Running%22')],
    [t.jobsFailed, webUiUrl('workflows?query=ExecutionStatus%3D%22Failed%22')],
    [t.schedules, webUiUrl('schedules')],
  ];
  return (
    <section class="card panel" aria-labelledby="temporal-title">
      <h2 id="temporal-title">{t.temporal}</h2>
      <p class="muted">{t.temporalText}</p>
      <ul class="rows">
        {(links ?? []).map(([words, url]) =>
          url ? (
            <li key={words}>
              <a class="wait" href={url} target="_blank" rel="noreferrer">
                {words}
                <Icon name="out" size={16} />
              </a>
            </li>
          ) : null,
        )}
        <li>
          <a href="/docs">{t.api}</a>
        </li>
      </ul>
    </section>
  );
}
