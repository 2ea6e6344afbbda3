import { providerLabel, webUiUrl } from '../../state/info.ts';
import type { Task } from '../../state/tasks.ts';
import { formatBytes, formatDuration, formatNumber, formatSize, formatWhen } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';

export function DetailsPanel({ task }: { task: Task }) {
  const t = strings.value;
  const { facts } = t.task;
  const { metadata, execution_time_ms } = task.result ?? {};
  const webUi = webUiUrl(`workflows/${encodeURIComponent(`video/${task.id}`)}`);
  const rows: [string, string | undefined][] = [
    [facts.size, metadata && formatSize(metadata.video.width_px, metadata.video.height_px)],
    [facts.length, metadata && t.units.seconds(formatNumber(metadata.video.duration_s, 1))],
    [facts.file, metadata && formatBytes(metadata.video.bytes)],
    [
      facts.person,
      metadata &&
        t.task.personSure(
          metadata.person_detection.selected_person_id,
          Math.round(metadata.person_detection.confidence * 100),
        ),
    ],
    [facts.provider, metadata && providerLabel(metadata.provider.name)],
    [facts.took, execution_time_ms === undefined ? undefined : formatDuration(execution_time_ms)],
    [facts.submitted, formatWhen(task.submittedAt)],
    [facts.id, task.id],
  ];
  return (
    <section class="card panel" aria-labelledby="details-title">
      <h2 id="details-title">{t.task.details}</h2>
      <dl class="facts number">
        {rows
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
      </dl>
      {webUi && (
        <a class="wait" href={webUi} target="_blank" rel="noreferrer">
          {t.task.webUi}
          <Icon name="out" size={16} />
        </a>
      )}
    </section>
  );
}
