import { useState } from 'preact/hooks';
import { saveVideos } from '../../state/save-file.ts';
import { stageOf, taskOf } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { EraseDialog } from '../../ui/erase-dialog.tsx';
import { Icon } from '../../ui/icon.tsx';

/** What can be done with the selected videos. */
export function SelectionBar({ ids, onErased }: { ids: string[]; onErased: () => void }) {
  const t = strings.value.videos;
  const [packing, setPacking] = useState<string>();
  const [isErasing, setErasing] = useState(false);
  const ready = ids.map((id) => taskOf(id).value).filter((task) => stageOf(task) === 'COMPLETED');
  const download = async () => {
    try {
      await saveVideos(ready, (done) => setPacking(t.packing(done + 1, ready.length)));
      setPacking(undefined);
    } catch {
      setPacking(t.downloadFailed);
      announce(t.downloadFailed);
    }
  };
  return (
    <div class="selection card">
      <span role="status">
        <strong class="number">{t.selected(ids.length)}</strong>
        {packing && <span class="muted small"> {packing}</span>}
      </span>
      <span class="actions">
        <button type="button" class="button" disabled={ready.length === 0} onClick={download}>
          <Icon name="download" />
          {t.download}
        </button>
        <button
          type="button"
          class="button danger"
          disabled={ids.length === 0}
          onClick={() => setErasing(true)}
        >
          <Icon name="trash" />
          {strings.value.task.erase}
        </button>
      </span>
      {isErasing && (
        <EraseDialog
          ids={ids}
          onClose={() => setErasing(false)}
          onErased={() => {
            setErasing(false);
            onErased();
          }}
        />
      )}
    </div>
  );
}
