import { useEffect, useState } from 'preact/hooks';
import type { Keepsake } from '../../state/keepsakes.ts';
import { useTaskFile } from '../../state/task-file.ts';
import { isOver, stageOf, type Task } from '../../state/tasks.ts';
import { findingsOf, personsToChoose } from '../../state/timeline.ts';
import { strings } from '../../strings/strings.ts';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Figure } from '../../ui/icon.tsx';
import { Compare } from './compare.tsx';
import { Persons } from './persons.tsx';

const SHOWS = ['video', 'cutout', 'persons'] as const;
type Show = (typeof SHOWS)[number];

/** The picture of a task: photo, then persons, then cut-out, then video; what is there can be gone back to. */
export function Stage({ task, kept }: { task: Task; kept: Keepsake | undefined }) {
  const t = strings.value.task;
  const stages = new Set(task.events.map(({ data }) => data.stage));
  const isReady = task.result !== undefined;
  const isUndone = isOver(task) && !isReady;
  const hasCutout = isReady || (stages.has('BACKGROUND_REMOVAL_COMPLETE') && !isUndone);
  const findings = findingsOf(task);
  const keptUrl = useObjectUrl(kept?.photo);
  const serverPhoto = useTaskFile(task.id, 'photo', !isUndone && (stages.has('UPLOAD_COMPLETE') || isReady));
  const photo = keptUrl ?? serverPhoto;
  const cutout = useTaskFile(task.id, 'cutout', hasCutout);
  const video = useTaskFile(task.id, 'video', isReady);
  const poster = useTaskFile(task.id, 'thumbnail', isReady);
  const isClear = task.result?.metadata.video.content_type === 'video/webm';
  const there = SHOWS.filter((show) =>
    show === 'video' ? isReady : show === 'cutout' ? hasCutout && photo : findings && photo && !isUndone,
  );
  const newest = personsToChoose(task) ? 'persons' : there[0];
  const [chosen, setChosen] = useState<Show>();
  useEffect(() => setChosen(undefined), [newest]);
  const show = chosen && there.includes(chosen) ? chosen : newest;
  const isWorking = !isOver(task) && !personsToChoose(task) && stageOf(task) !== 'DID_PROCESSING';
  return (
    <section class="card stage" aria-label={t.tabs.label}>
      <div class={`screen ${isWorking && show !== 'cutout' ? 'scan' : ''}`}>
        {show === 'video' ? (
          // biome-ignore lint/a11y/useMediaCaption: what is said in it is known to its maker only
          <video
            controls
            playsInline
            preload="metadata"
            src={video}
            poster={poster}
            aria-label={t.video}
            data-test="video"
            style={isClear ? { background: 'var(--checkers)' } : {}}
          />
        ) : show === 'cutout' ? (
          <Compare task={task} photo={photo!} cutout={cutout} kept={kept} />
        ) : show === 'persons' ? (
          <Persons task={task} photo={photo!} findings={findings!} kept={kept} />
        ) : photo ? (
          <div class="fit">
            <img src={photo} alt={t.photoAlt} />
          </div>
        ) : (
          <Figure />
        )}
      </div>
      {there.length > 1 && (
        <div class="tabs" role="tablist" aria-label={t.tabs.label}>
          {there.map((one) => (
            <button
              type="button"
              role="tab"
              key={one}
              aria-selected={one === show}
              onClick={() => setChosen(one)}
            >
              {t.tabs[one]}
            </button>
          ))}
        </div>
      )}
    </section>
  );
}
