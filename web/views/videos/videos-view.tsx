import { useEffect, useState } from 'preact/hooks';
import { server } from '../../server/server.ts';
import { go } from '../../state/route.ts';
import { change, isDropped, isOver, type Task, taskIds, taskOf } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { usePolled } from '../../ui/hooks.ts';
import { Figure, Icon } from '../../ui/icon.tsx';
import { SelectionBar } from './selection-bar.tsx';
import { stateOf, VideoCard } from './video-card.tsx';

const POLL_INTERVAL_MS = 2_500;
/** A person types for a while before it is worth asking the server. */
const TYPING_MS = 250;
const PAGE = 24;
const FILTERS = ['all', 'running', 'completed', 'failed', 'cancelled'] as const;
type Filter = (typeof FILTERS)[number];

interface Query {
  search: string;
  filter: Filter;
}

/** Reads a page of tasks. Returns the cursor of the next one. */
async function readPage({ search, filter }: Query, cursor?: string): Promise<string | undefined> {
  const list = await server
    .list({
      limit: PAGE,
      ...(search && { search }),
      ...(filter !== 'all' && { status: filter }),
      ...(cursor && { cursor }),
    })
    .catch(() => undefined);
  for (const summary of (list?.tasks ?? []).filter(({ task_id }) => !isDropped(task_id))) {
    const { task_id, submitted_at: submittedAt, name } = summary;
    change(task_id, { summary, submittedAt, ...(name !== undefined && { name }) });
  }
  return list?.next_cursor ?? '';
}

function matches(task: Task, { search, filter }: Query): boolean {
  const state = stateOf(task);
  const name = (task.name ?? '').toLocaleLowerCase();
  const searched = search.toLocaleLowerCase();
  return (
    !task.isGone &&
    (filter === 'all' || (filter === 'running' ? !isOver(task) : state === filter)) &&
    (name.includes(searched) || task.id.startsWith(searched))
  );
}

/** All videos, newest first. */
export function VideosView() {
  const t = strings.value.videos;
  const [typed, setTyped] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const search = useSettled(typed.trim(), TYPING_MS);
  const query = { search, filter };
  const first = usePolled(() => readPage(query), POLL_INTERVAL_MS, [search, filter]);
  const [cursor, setCursor] = useState<string>();
  useEffect(() => setCursor(undefined), [search, filter]);
  const [selected, setSelected] = useState<ReadonlySet<string>>();
  const next = cursor ?? first;
  const known = taskIds.value.filter((id) => !taskOf(id).value.isGone);
  const ids = known.filter((id) => matches(taskOf(id).value, { search: typed.trim(), filter }));
  const showAll = () => {
    setTyped('');
    setFilter('all');
  };
  const select = (id: string, isOn: boolean) => {
    const others = [...selected!].filter((other) => other !== id);
    setSelected(new Set(isOn ? [...others, id] : others));
  };
  if (first !== undefined && known.length === 0 && typed === '' && filter === 'all') {
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
      <search class="video-filters">
        <label class="search-field">
          <Icon name="search" size={18} />
          <span class="unseen">{t.search}</span>
          <input
            type="search"
            placeholder={t.search}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <select
          aria-label={t.filter}
          value={filter}
          onChange={({ currentTarget }) => setFilter(currentTarget.value as Filter)}
        >
          {FILTERS.map((one) => (
            <option key={one} value={one} selected={one === filter}>
              {t.filters[one]}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="button"
          aria-pressed={selected !== undefined}
          onClick={() => setSelected(selected ? undefined : new Set())}
        >
          {selected ? t.done : t.select}
        </button>
      </search>
      {selected && (
        <SelectionBar
          ids={[...selected].filter((id) => known.includes(id))}
          onErased={() => setSelected(new Set())}
        />
      )}
      {ids.length === 0 && first !== undefined ? (
        <div class="empty">
          <h2>{t.noMatch}</h2>
          <p class="muted">{t.noMatchText}</p>
          <button type="button" class="button" onClick={showAll}>
            {t.showAll}
          </button>
        </div>
      ) : (
        <ul class="cards">
          {ids.map((id) => (
            <li key={id}>
              <VideoCard id={id} isSelected={selected?.has(id)} onSelect={(isOn) => select(id, isOn)} />
            </li>
          ))}
        </ul>
      )}
      {next && (
        <p class="actions more">
          <button type="button" class="button" onClick={() => readPage(query, next).then(setCursor)}>
            {t.more}
          </button>
        </p>
      )}
    </>
  );
}

/** The value once it has not changed for this long. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
