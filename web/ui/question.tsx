import { signal } from '@preact/signals';
import { Dialog } from './dialog.tsx';

export interface Asked {
  title: string;
  text: string;
  /** The button that goes on. */
  yes: string;
  /** The button that changes nothing. */
  no: string;
}

export interface QuestionDialogProps extends Asked {
  /** Why the last answer had no effect. */
  fault?: string | undefined;
  isBusy?: boolean;
  onAnswer: (isYes: boolean) => void;
}

/** Asks before something is lost. The focus is on the button that changes nothing. */
export function QuestionDialog({
  title,
  text,
  yes,
  no,
  fault,
  isBusy = false,
  onAnswer,
}: QuestionDialogProps) {
  return (
    <Dialog title={title} onClose={() => onAnswer(false)}>
      <p class="muted dialog-text">{text}</p>
      {fault && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      <div class="actions end">
        <button type="button" class="button" onClick={() => onAnswer(false)}>
          {no}
        </button>
        <button type="button" class="button danger" disabled={isBusy} onClick={() => onAnswer(true)}>
          {yes}
        </button>
      </div>
    </Dialog>
  );
}

const asked = signal<(Asked & { answer: (isYes: boolean) => void }) | undefined>(undefined);

/** Resolves to the user's answer. Escape means no. */
export function ask(question: Asked): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isYes: boolean) => {
      asked.value = undefined;
      resolve(isYes);
    };
    asked.value = { ...question, answer };
  });
}

/** Where questions appear. Once on the page. */
export function Questions() {
  if (!asked.value) {
    return null;
  }
  const { answer, ...question } = asked.value;
  return <QuestionDialog {...question} onAnswer={answer} />;
}
