import { useState } from 'preact/hooks';
import { beginFrom } from '../../state/draft.ts';
import { go } from '../../state/route.ts';
import { fileNameOf } from '../../state/save-file.ts';
import type { SavedSubmission } from '../../state/saved-submissions.ts';
import { useTaskFile } from '../../state/task-file.ts';
import type { Task } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { EraseDialog } from '../../ui/erase-dialog.tsx';
import { Icon } from '../../ui/icon.tsx';
import { ShareDialog } from './share-dialog.tsx';

export async function makeAnother(kept: SavedSubmission | undefined, changes = {}): Promise<void> {
  if (kept) {
    await beginFrom(kept, changes);
  }
  go({ view: 'create' });
}

/** What can be done with a finished video. */
export function ReadyPanel({ task, kept }: { task: Task; kept: SavedSubmission | undefined }) {
  const t = strings.value.task;
  const video = useTaskFile(task.id, 'video');
  const [dialog, setDialog] = useState<'share' | 'erase'>();
  const close = () => setDialog(undefined);
  return (
    <section class="card panel" aria-label={t.ready}>
      <div class="actions pairs">
        <a class="button main" href={video} download={fileNameOf(task)}>
          <Icon name="download" />
          {t.download}
        </a>
        <button type="button" class="button" onClick={() => setDialog('share')}>
          <Icon name="share" />
          {t.share.open}
        </button>
        <button type="button" class="button" onClick={() => makeAnother(kept)}>
          <Icon name="again" />
          {t.again}
        </button>
        <button type="button" class="button" onClick={() => setDialog('erase')}>
          <Icon name="trash" />
          {t.erase}
        </button>
      </div>
      {task.result?.metadata.provider.degraded && <p class="notice">{t.degraded}</p>}
      {task.result?.metadata.warnings.map((warning) => (
        <p class="notice" key={warning}>
          <Icon name="warn" />
          {warning}
        </p>
      ))}
      {dialog === 'share' && <ShareDialog task={task} onClose={close} />}
      {dialog === 'erase' && (
        <EraseDialog ids={[task.id]} onClose={close} onErased={() => go({ view: 'videos' })} />
      )}
    </section>
  );
}
