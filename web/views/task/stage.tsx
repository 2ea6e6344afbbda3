import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { usePreviewConnection } from '../../state/preview-connection.ts';
import type { SavedSubmission } from '../../state/saved-submissions.ts';
import { useTaskFile } from '../../state/task-file.ts';
import { isOver, isTransparent, stageOf, type Task } from '../../state/tasks.ts';
import { findingsOf, framesOf, isTurned, personsToChoose } from '../../state/timeline.ts';
import { strings } from '../../strings/strings.ts';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Figure } from '../../ui/icon.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Compare } from './compare.tsx';
import { Persons } from './persons.tsx';
import { Player } from './player.tsx';

const SHOWS = ['video', 'cutout', 'persons'] as const;
type Show = (typeof SHOWS)[number];

/** The first part of a preview has 50 frames. After this many, the server can read it. */
const PREVIEW_FROM_FRAME = 75;

/** Whether there is a preview. Once there is one, it stays until the task fails. */
function usePreview(task: Task, isUndone: boolean): { isThere: boolean; onFault: () => void } {
  const isThere = useRef(false);
  const [isFaulty, setFaulty] = useState(false);
  if ((framesOf(task)?.frame ?? 0) >= PREVIEW_FROM_FRAME) {
    isThere.current = true;
  }
  if (isUndone) {
    isThere.current = false;
  }
  const isShown = usePreviewConnection(isThere.current && !isFaulty);
  return { isThere: isShown, onFault: () => setFaulty(true) };
}

/** The newest picture of a task: photo, people, cutout or video. Tabs lead back to the earlier ones. */
export function Stage({ task, kept }: { task: Task; kept: SavedSubmission | undefined }) {
  const t = strings.value.task;
  const screenId = useId();
  const stages = new Set(task.events.map(({ data }) => data.stage));
  const isReady = task.result !== undefined;
  const isUndone = isOver(task) && !isReady;
  const hasCutout = isReady || (stages.has('BACKGROUND_REMOVAL_COMPLETE') && !isUndone);
  const findings = findingsOf(task);
  const keptUrl = useObjectUrl(kept?.shownPhoto ?? kept?.photo);
  // Only the status says whether the photo of a finished task still exists.
  const mayBeThere = task.status !== undefined && !isUndone;
  const serverPhoto = useTaskFile(task.id, 'photo', mayBeThere && (stages.has('UPLOAD_COMPLETE') || isReady));
  const photo = isTurned(task) ? serverPhoto : (keptUrl ?? serverPhoto);
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
  const [ratio, setRatio] = useState<number>();
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
      <div
        id={screenId}
        class={`screen ${isWorking ? 'scan' : ''}`}
        style={{ '--ratio': String(show === 'video' ? (ratio ?? ratioOf(task)) : ratioOfPhoto(findings)) }}
        {...(there.length > 1 && { role: 'tabpanel', 'aria-label': t.tabs[show!] })}
      >
        {show === 'video' ? (
          <Player
            preview={preview}
            video={video}
            poster={poster}
            isTransparent={isTransparent(task)}
            onPreviewFault={growing.onFault}
            onRatio={setRatio}
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
        <Tabs
          label={t.tabs.label}
          tabs={there.map((name) => ({ name, words: t.tabs[name] }))}
          selected={show!}
          panelId={screenId}
          onSelect={setChosen}
        />
      )}
    </section>
  );
}

/** Width over height of the finished video, or of a square until it is known. */
function ratioOf({ result }: Task): number {
  const { width_px = 1, height_px = 1 } = result?.metadata.video ?? {};
  return width_px / height_px;
}

function ratioOfPhoto(findings: ReturnType<typeof findingsOf>): number {
  return findings ? findings.width / findings.height : 1;
}
