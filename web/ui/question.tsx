import { signal } from '@preact/signals';
import { Dialog } from './dialog.tsx';

export interface Asked {
  title: string;
  text: string;
  /** The button that goes on. */
  yes: string;
  /** The button that changes nothing. It has the focus. */
  no: string;
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
  const { title, text, yes, no, answer } = asked.value;
  return (
    <Dialog title={title} onClose={() => answer(false)}>
      <p class="muted dialog-text">{text}</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => answer(false)}>
          {no}
        </button>
        <button type="button" class="button danger" onClick={() => answer(true)}>
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
