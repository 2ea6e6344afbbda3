import { useState } from 'preact/hooks';
import { server } from '../../server/server.ts';
import { beginFrom } from '../../state/draft.ts';
import { go } from '../../state/route.ts';
import type { SavedSubmission } from '../../state/saved-submissions.ts';
import { signedLink, useTaskFile } from '../../state/task-file.ts';
import { drop, isTransparent, type Task } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icon.tsx';

export async function makeAnother(kept: SavedSubmission | undefined, changes = {}): Promise<void> {
  if (kept) {
    await beginFrom(kept, changes);
  }
  go({ view: 'create' });
}

export function ReadyPanel({ task, kept }: { task: Task; kept: SavedSubmission | undefined }) {
  const t = strings.value.task;
  const video = useTaskFile(task.id, 'video');
  const ending = isTransparent(task) ? 'webm' : 'mp4';
  const [shared, setShared] = useState<{ text: string; link?: string }>();
  const [isErasing, setErasing] = useState(false);
  const share = async () => {
    const link = await signedLink(task.id, 'video');
    if (!link) {
      setShared({ text: t.shareFailed });
      announce(t.shareFailed);
      return;
    }
    const isCopied = await navigator.clipboard?.writeText(link).then(
      () => true,
      () => false,
    );
    const text = isCopied ? t.copied : t.copyThis;
    setShared({ text, link });
    announce(text);
  };
  return (
    <section class="card panel" aria-label={t.ready}>
      <div class="actions pairs">
        <a class="button main" href={video} download={`limelight-${task.id.slice(0, 8)}.${ending}`}>
          <Icon name="download" />
          {t.download}
        </a>
        <button type="button" class="button" onClick={share}>
          <Icon name="share" />
          {t.share}
        </button>
        <button type="button" class="button" onClick={() => makeAnother(kept)}>
          <Icon name="again" />
          {t.again}
        </button>
        <button type="button" class="button" onClick={() => setErasing(true)}>
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
      {shared && (
        <div class="field">
          <span>{shared.text}</span>
          {shared.link && (
            <input
              type="text"
              readOnly
              dir="ltr"
              aria-label={t.share}
              value={shared.link}
              onFocus={({ currentTarget }) => currentTarget.select()}
            />
          )}
        </div>
      )}
      {isErasing && <EraseDialog id={task.id} onClose={() => setErasing(false)} />}
    </section>
  );
}

function EraseDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const t = strings.value.task;
  const [fault, setFault] = useState<string>();
  const erase = async () => {
    try {
      await server.erase(id);
      drop(id);
      go({ view: 'videos' });
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <Dialog title={t.eraseTitle} onClose={onClose}>
      <p class="muted dialog-text">{t.eraseText}</p>
      {fault && <p class="notice bad">{fault}</p>}
      <div class="actions">
        <button type="button" class="button danger" onClick={erase}>
          {t.eraseYes}
        </button>
        <button type="button" class="button" onClick={onClose}>
          {t.keepIt}
        </button>
      </div>
    </Dialog>
  );
}
