import { useState } from 'preact/hooks';
import { server } from '../server/server.ts';
import { drop } from '../state/tasks.ts';
import { strings } from '../strings/strings.ts';
import { QuestionDialog } from './question.tsx';

export interface EraseDialogProps {
  ids: string[];
  onClose: () => void;
  onErased: () => void;
}

/** Asks before it deletes. */
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
    <QuestionDialog
      title={t.eraseTitle(ids.length)}
      text={t.eraseText}
      yes={t.eraseYes}
      no={t.keepIt}
      fault={fault}
      isBusy={isErasing}
      onAnswer={(isYes) => (isYes ? void erase() : onClose())}
    />
  );
}
