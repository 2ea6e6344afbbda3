import { useEffect, useState } from 'preact/hooks';
import { percentOf } from '../../state/progress.ts';
import { toHash } from '../../state/route.ts';
import { recall } from '../../state/saved-submissions.ts';
import { useTaskFile } from '../../state/task-file.ts';
import { isOver, stageOf, type Task, taskOf } from '../../state/tasks.ts';
import { personsToChoose, queueOf } from '../../state/timeline.ts';
import { formatWhen } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { EditableName } from '../../ui/editable-name.tsx';
import { useNow, useObjectUrl } from '../../ui/hooks.ts';
import { Figure, Icon } from '../../ui/icon.tsx';
import { ProgressBar } from '../../ui/progress-bar.tsx';

export type CardState = 'uploading' | 'running' | 'queued' | 'asking' | 'completed' | 'failed' | 'cancelled';

export function stateOf(task: Task): CardState {
  if (task.refusal) return 'failed';
  if (task.uploading !== undefined) return 'uploading';
  const stage = stageOf(task);
  if (stage === 'COMPLETED' || stage === 'FAILED' || stage === 'CANCELLED') {
    return stage.toLowerCase() as CardState;
  }
  if (personsToChoose(task)) return 'asking';
  return queueOf(task) ? 'queued' : 'running';
}

const LOOKS: Record<CardState, string> = {
  uploading: 'busy',
  running: 'busy',
  queued: 'busy',
  asking: 'warn',
  completed: 'good',
  failed: 'bad',
  cancelled: '',
};

/** A pointer that only passes by starts no download. */
const HOVER_MS = 150;

export interface VideoCardProps {
  id: string;
  /** Undefined while nothing can be selected. */
  isSelected: boolean | undefined;
  onSelect: (isOn: boolean) => void;
}

export function VideoCard({ id, isSelected, onSelect }: VideoCardProps) {
  const t = strings.value.videos;
  const task = taskOf(id).value;
  const state = stateOf(task);
  const name = task.name ?? t.untitled;
  const failure = toFailure(task);
  return (
    <article class="video-card">
      <a
        class="watch"
        href={toHash({ view: 'video', taskId: id })}
        aria-label={`${name}, ${t.states[state]}`}
        onClick={(event) => {
          if (isSelected === undefined) return;
          event.preventDefault();
          onSelect(!isSelected);
        }}
      >
        <Thumbnail task={task} state={state} />
      </a>
      {isSelected !== undefined && (
        <label class="tick">
          <input
            type="checkbox"
            checked={isSelected}
            aria-label={t.selectOne(name)}
            onChange={({ currentTarget }) => onSelect(currentTarget.checked)}
          />
        </label>
      )}
      <EditableName task={task} shown={<strong class="name">{name}</strong>} />
      <div class="line">
        <span class="muted">{formatWhen(task.submittedAt)}</span>
        <span class={`state ${LOOKS[state]}`}>{t.states[state]}</span>
      </div>
      {failure && <p class="reason">{failure}</p>}
    </article>
  );
}

function toFailure({ refusal, error, summary }: Task): string | undefined {
  const t = strings.value;
  const code = refusal?.code ?? error?.code ?? summary?.error_code;
  return code && code !== 'TASK_CANCELLED'
    ? (t.errors[code]?.title ?? refusal?.detail ?? error?.message ?? t.task.failed)
    : undefined;
}

/** The first frame. Plays without sound while the pointer or the focus is on it. */
function Thumbnail({ task, state }: { task: Task; state: CardState }) {
  const { id } = task;
  const isReady = state === 'completed';
  const now = useNow(!isOver(task));
  const thumbnail = useTaskFile(id, 'thumbnail', isReady);
  const [kept, setKept] = useState<Blob>();
  useEffect(() => {
    void recall(id).then((submission) => setKept(submission?.shownPhoto ?? submission?.photo));
  }, [id]);
  const keptUrl = useObjectUrl(isReady ? undefined : kept);
  const picture = thumbnail ?? keptUrl;
  const [broken, setBroken] = useState<string>();
  const hover = useHover();
  const video = useTaskFile(id, 'video', isReady && hover.isOver);
  const isDim = state === 'failed' || state === 'cancelled';
  return (
    <div class={`thumb ${isDim ? 'dim' : ''}`} ref={hover.ref}>
      {picture && picture !== broken ? (
        <img src={picture} alt="" loading="lazy" onError={() => setBroken(picture)} />
      ) : (
        <Figure />
      )}
      {video && hover.isOver && (
        <video src={video} muted autoPlay loop playsInline aria-hidden="true" tabIndex={-1} />
      )}
      {isReady && !hover.isOver && (
        <span class="play">
          <Icon name="play" />
        </span>
      )}
      {!isOver(task) && (
        <div class="bar">
          <ProgressBar percent={percentOf(task, now)} />
        </div>
      )}
    </div>
  );
}

/** Whether the pointer or the focus rests on the link around an element. Never if motion should be reduced. */
function useHover() {
  const [element, ref] = useState<HTMLElement | null>(null);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const link = element?.closest('a');
    if (!link) {
      return;
    }
    let timer: ReturnType<typeof setTimeout>;
    const listening = new AbortController();
    const { signal } = listening;
    const enter = () => {
      if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
      clearTimeout(timer);
      timer = setTimeout(() => setOver(true), HOVER_MS);
    };
    const leave = () => {
      clearTimeout(timer);
      setOver(false);
    };
    for (const event of ['mouseenter', 'focus']) link.addEventListener(event, enter, { signal });
    for (const event of ['mouseleave', 'blur']) link.addEventListener(event, leave, { signal });
    return () => {
      listening.abort();
      clearTimeout(timer);
    };
  }, [element]);
  return { ref, isOver };
}
