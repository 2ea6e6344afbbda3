import { useEffect, useRef, useState } from 'preact/hooks';
import type { Keepsake } from '../../state/keepsakes.ts';
import { useTaskFile } from '../../state/task-file.ts';
import { isOver, isTransparent, stageOf, type Task } from '../../state/tasks.ts';
import { findingsOf, framesOf, personsToChoose } from '../../state/timeline.ts';
import { strings } from '../../strings/strings.ts';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Figure } from '../../ui/icon.tsx';
import { Compare } from './compare.tsx';
import { Persons } from './persons.tsx';
import { Player } from './player.tsx';

const SHOWS = ['video', 'cutout', 'persons'] as const;
type Show = (typeof SHOWS)[number];

/** The first part of a preview has 50 frames; by then it is where the server reads it. */
const PREVIEW_FROM_FRAME = 75;

/** Whether there is something to be seen of the video while it is made, from the first time on until the task fails. */
function usePreview(task: Task, isUndone: boolean): { isThere: boolean; onFault: () => void } {
  const isThere = useRef(false);
  const [isFaulty, setFaulty] = useState(false);
  if ((framesOf(task)?.frame ?? 0) >= PREVIEW_FROM_FRAME) {
    isThere.current = true;
  }
  if (isUndone) {
    isThere.current = false;
  }
  return { isThere: isThere.current && !isFaulty, onFault: () => setFaulty(true) };
}

/** The picture of a task: photo, then persons, then cut-out, then video; what is there can be gone back to. */
export function Stage({ task, kept }: { task: Task; kept: Keepsake | undefined }) {
  const t = strings.value.task;
  const stages = new Set(task.events.map(({ data }) => data.stage));
  const isReady = task.result !== undefined;
  const isUndone = isOver(task) && !isReady;
  const hasCutout = isReady || (stages.has('BACKGROUND_REMOVAL_COMPLETE') && !isUndone);
  const findings = findingsOf(task);
  const keptUrl = useObjectUrl(kept?.photo);
  // Until a status tells, nobody knows whether the photo of an ended task is still there.
  const mayBeThere = task.status !== undefined && !isUndone;
  const serverPhoto = useTaskFile(task.id, 'photo', mayBeThere && (stages.has('UPLOAD_COMPLETE') || isReady));
  const photo = keptUrl ?? serverPhoto;
  const cutout = useTaskFile(task.id, 'cutout', hasCutout);
  const video = useTaskFile(task.id, 'video', isReady);
  const poster = useTaskFile(task.id, 'thumbnail', isReady);
  const growing = usePreview(task, isUndone);
  const preview = useTaskFile(task.id, 'preview', growing.isThere);
  const there = SHOWS.filter((show) =>
    show === 'video'
      ? isReady || preview
      : show === 'cutout'
        ? hasCutout && photo
        : findings && photo && !isUndone,
  );
  const newest = personsToChoose(task) && there.includes('persons') ? 'persons' : there[0];
  const [chosen, setChosen] = useState<Show>();
  useEffect(() => setChosen(undefined), [newest]);
  const show = chosen && there.includes(chosen) ? chosen : newest;
  const isWorking =
    show !== 'cutout' &&
    show !== 'video' &&
    !isOver(task) &&
    !personsToChoose(task) &&
    stageOf(task) !== 'DID_PROCESSING';
  return (
    <section class="card stage" aria-label={t.tabs.label}>
      <div class={`screen ${isWorking ? 'scan' : ''}`}>
        {show === 'video' ? (
          <Player
            preview={preview}
            video={video}
            poster={poster}
            isClear={isTransparent(task)}
            onPreviewFault={growing.onFault}
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
