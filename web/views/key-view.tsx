import { useState } from 'preact/hooks';
import { apiKey, wantsKey } from '../server/server.ts';
import { useKey } from '../state/session.ts';
import { strings } from '../strings/strings.ts';

/** Shown instead of every view while the server requires a key. */
export function KeyView() {
  const t = strings.value.key;
  const [key, setKey] = useState('');
  const use = (event: Event) => {
    event.preventDefault();
    if (key.trim() !== '') void useKey(key.trim());
  };
  return (
    <form class="card panel key-form" onSubmit={use}>
      <h1>{t.title}</h1>
      <p class="muted">{t.text}</p>
      {apiKey.value && wantsKey.value && <p class="notice bad">{t.wrong}</p>}
      <label class="field">
        <span>{t.label}</span>
        <input
          type="password"
          dir="ltr"
          autocomplete="off"
          value={key}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
        />
      </label>
      <div class="actions">
        <button type="submit" class="button main">
          {t.use}
        </button>
      </div>
    </form>
  );
}
