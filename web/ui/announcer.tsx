import { signal } from '@preact/signals';

const said = signal('');

/** Says it to a screen reader, when it has finished what it is saying. */
export function announce(text: string): void {
  // The same words twice are heard twice only when they differ.
  said.value = said.value === text ? `${text}\u00a0` : text;
}

export function Announcer() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
