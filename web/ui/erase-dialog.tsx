import { useState } from 'preact/hooks';
import { server } from '../server/server.ts';
import { drop } from '../state/tasks.ts';
import { strings } from '../strings/strings.ts';
import { Dialog } from './dialog.tsx';

export interface EraseDialogProps {
  ids: string[];
  onClose: () => void;
  onErased: () => void;
}

/** Asks before it deletes. The focus is on the button that deletes nothing. */
export function EraseDialog({ ids, onClose, onErased }: EraseDialogProps) {
  const t = strings.value.task;
  const [fault, setFault] = useState<string>();
  const [isErasing, setErasing] = useState(false);
  const erase = async () => {
    setErasing(true);
    setFault(undefined);
    const ended = await Promise.allSettled(ids.map((id) => server.erase(id).then(() => drop(id))));
    setErasing(false);
    const failed = ended.find(({ status }) => status === 'rejected');
    if (!failed) onErased();
    else if (ids.length === 1) setFault(((failed as PromiseRejectedResult).reason as Error).message);
    else setFault(strings.peek().videos.eraseFailed);
  };
  return (
    <Dialog title={t.eraseTitle(ids.length)} onClose={onClose}>
      <p class="muted dialog-text">{t.eraseText}</p>
      {fault && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      <div class="actions end">
        {/* biome-ignore lint/a11y/noAutofocus: a dialog moves the focus anyway, and here not to the button that deletes */}
        <button type="button" class="button" autoFocus onClick={onClose}>
          {t.keepIt}
        </button>
        <button type="button" class="button danger" disabled={isErasing} onClick={erase}>
          {t.eraseYes}
        </button>
      </div>
    </Dialog>
  );
}
