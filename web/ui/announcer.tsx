import { signal } from '@preact/signals';

const said = signal('');

/** Makes a screen reader say the text after what it is currently saying. */
export function announce(text: string): void {
  // Screen readers ignore a text that does not change.
  said.value = said.value === text ? `${text}\u00a0` : text;
}

export function Announcer() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
