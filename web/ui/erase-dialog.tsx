import { useState } from 'preact/hooks';
import { server } from '../server/server.ts';
import { drop } from '../state/tasks.ts';
import { strings } from '../strings/strings.ts';
import { Dialog } from './dialog.tsx';
import { QuestionDialog } from './question.tsx';

export interface EraseDialogProps {
  ids: string[];
  onClose: () => void;
  onErased: () => void;
}

/** Asks before it deletes. Says so if a provider still has something afterwards. */
export function EraseDialog({ ids, onClose, onErased }: EraseDialogProps) {
  const t = strings.value.task;
  const [fault, setFault] = useState<string>();
  const [state, setState] = useState<'asking' | 'erasing' | 'pending'>('asking');
  const finish = () => {
    for (const id of ids) drop(id);
    onErased();
  };
  const erase = async () => {
    setState('erasing');
    setFault(undefined);
    const ended = await Promise.allSettled(ids.map((id) => server.erase(id)));
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed) {
      for (const [index, { status }] of ended.entries()) if (status === 'fulfilled') drop(ids[index]!);
      setState('asking');
      setFault(ids.length === 1 ? (failed.reason as Error).message : strings.peek().videos.eraseFailed);
    } else if (ended.some((one) => one.status === 'fulfilled' && one.value.pending.length > 0)) {
      setState('pending');
    } else {
      finish();
    }
  };
  if (state === 'pending') {
    return (
      <Dialog title={t.erasePending.title} onClose={finish}>
        <p class="muted dialog-text">{t.erasePending.text}</p>
        <div class="actions end">
          <button type="button" class="button main" onClick={finish}>
            {t.erasePending.close}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <QuestionDialog
      title={t.eraseTitle(ids.length)}
      text={t.eraseText}
      yes={t.eraseYes}
      no={t.keepIt}
      fault={fault}
      isBusy={state === 'erasing'}
      onAnswer={(isYes) => (isYes ? void erase() : onClose())}
    />
  );
}
