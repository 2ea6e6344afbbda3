import { useEffect, useState } from 'preact/hooks';
import { server } from '../server/server.ts';
import { go, toHash } from '../state/route.ts';
import { useTaskFile } from '../state/task-file.ts';
import { change, isDropped, recall, stageOf, type Task, taskIds, taskOf } from '../state/tasks.ts';
import { percentOf, personsToChoose } from '../state/timeline.ts';
import { formatWhen } from '../strings/format.ts';
import { strings } from '../strings/strings.ts';
import { useObjectUrl, usePolled } from '../ui/hooks.ts';
import { Figure, Icon } from '../ui/icon.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';

const POLL_INTERVAL_MS = 2_500;

/** Reads the newest tasks. Returns the cursor of the next page. */
async function readRecent(): Promise<string | undefined> {
  const list = await server.list({ limit: 24 }).catch(() => undefined);
  takeList(list?.tasks ?? []);
  return list?.next_cursor ?? '';
}

function takeList(tasks: Awaited<ReturnType<typeof server.list>>['tasks']): void {
  for (const summary of tasks.filter(({ task_id }) => !isDropped(task_id))) {
    change(summary.task_id, { summary, submittedAt: summary.submitted_at });
  }
}

export function VideosView() {
  const t = strings.value.videos;
  const first = usePolled(readRecent, POLL_INTERVAL_MS);
  const [cursor, setCursor] = useState<string>();
  const next = cursor ?? first;
  const ids = taskIds.value.filter((id) => !taskOf(id).value.isGone);
  const showMore = async () => {
    const list = await server.list({ cursor: next!, limit: 24 }).catch(() => undefined);
    takeList(list?.tasks ?? []);
    setCursor(list?.next_cursor ?? '');
  };
  if (first !== undefined && ids.length === 0) {
    return (
      <div class="empty">
        <Figure />
        <h1>{t.empty}</h1>
        <p class="muted">{t.emptyText}</p>
        <button type="button" class="button main" onClick={() => go({ view: 'create' })}>
          {t.start}
        </button>
      </div>
    );
  }
  return (
    <>
      <div class="page-head">
        <h1>{t.title}</h1>
        <p class="muted">{t.lead}</p>
      </div>
      <ul class="cards">
        {ids.map((id) => (
          <li key={id}>
            <VideoCard id={id} />
          </li>
        ))}
      </ul>
      {next && (
        <p class="actions more">
          <button type="button" class="button" onClick={showMore}>
            {t.more}
          </button>
        </p>
      )}
    </>
  );
}

type CardState = 'uploading' | 'running' | 'asking' | 'completed' | 'failed' | 'cancelled';

function stateOf(task: Task): CardState {
  if (task.refusal) return 'failed';
  if (task.uploading !== undefined) return 'uploading';
  const stage = stageOf(task);
  if (stage === 'COMPLETED' || stage === 'FAILED' || stage === 'CANCELLED') {
    return stage.toLowerCase() as CardState;
  }
  return personsToChoose(task) ? 'asking' : 'running';
}

const LOOKS: Record<CardState, string> = {
  uploading: 'busy',
  running: 'busy',
  asking: 'warn',
  completed: 'good',
  failed: 'bad',
  cancelled: '',
};

function VideoCard({ id }: { id: string }) {
  const t = strings.value.videos;
  const task = taskOf(id).value;
  const state = stateOf(task);
  const when = formatWhen(task.submittedAt);
  const thumbnail = useTaskFile(id, 'thumbnail', state === 'completed');
  const [kept, setKept] = useState<Blob>();
  useEffect(() => {
    void recall(id).then((submission) => setKept(submission?.photo));
  }, [id]);
  const keptUrl = useObjectUrl(state === 'completed' ? undefined : kept);
  const picture = thumbnail ?? keptUrl;
  const [broken, setBroken] = useState<string>();
  const isDim = state === 'failed' || state === 'cancelled';
  return (
    <a class="video-card" href={toHash({ view: 'video', taskId: id })}>
      <div class={`thumb ${isDim ? 'dim' : ''}`}>
        {picture && picture !== broken ? (
          <img src={picture} alt="" loading="lazy" onError={() => setBroken(picture)} />
        ) : (
          <Figure />
        )}
        {state === 'completed' && (
          <span class="play">
            <Icon name="play" />
          </span>
        )}
        {(state === 'running' || state === 'asking' || state === 'uploading') && (
          <div class="bar">
            <ProgressBar percent={percentOf(task)} />
          </div>
        )}
      </div>
      <div class="line">
        <span>
          <span class="unseen">{t.untitled} </span>
          {when}
        </span>
        <span class={`state ${LOOKS[state]}`}>{t.states[state]}</span>
      </div>
    </a>
  );
}
