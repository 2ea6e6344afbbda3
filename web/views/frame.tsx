import { signal } from '@preact/signals';
import { apiKey, isReachable } from '../server/server.ts';
import { nextTheme, theme } from '../state/appearance.ts';
import { pollRunning } from '../state/follow.ts';
import { type Route, route, toHash } from '../state/route.ts';
import { useKey } from '../state/session.ts';
import { isOver, taskIds, taskOf } from '../state/tasks.ts';
import { chooseLanguage, LANGUAGES, type Language, language, strings } from '../strings/strings.ts';
import { Announcer } from '../ui/announcer.tsx';
import { usePolled } from '../ui/hooks.ts';
import { Icon, Mark } from '../ui/icon.tsx';
import { ask } from '../ui/question.tsx';

const isBrowserOnline = signal(navigator.onLine);
for (const event of ['online', 'offline']) {
  addEventListener(event, () => {
    isBrowserOnline.value = navigator.onLine;
  });
}

const POLL_INTERVAL_MS = 2_500;
const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const;

/** Header, footer and notices around every view. */
export function Frame({ children }: { children: preact.ComponentChildren }) {
  const t = strings.value;
  // In the background too: the title of the tab and notifications tell of the end.
  usePolled(pollRunning, POLL_INTERVAL_MS, [], true);
  const running = taskIds.value.filter((id) => !isOver(taskOf(id).value)).length;
  const link = (to: Route, words: string, isHere: boolean, count = 0) => (
    <li>
      <a href={toHash(to)} aria-current={isHere ? 'page' : undefined}>
        {words}
        {count > 0 && (
          <span class="count">
            {count}
            <span class="unseen"> {t.videos.running(count)}</span>
          </span>
        )}
      </a>
    </li>
  );
  const { view } = route.value;
  return (
    <>
      <button type="button" class="skip button" onClick={skip}>
        {t.skip}
      </button>
      <header class="top">
        <a class="brand" href={toHash({ view: 'create' })}>
          <Mark />
          Limelight
        </a>
        <nav aria-label={t.nav.label}>
          <ul>
            {link({ view: 'create' }, t.nav.create, view === 'create')}
            {link({ view: 'videos' }, t.nav.videos, view === 'videos' || view === 'video', running)}
            {link({ view: 'operations' }, t.nav.operations, view === 'operations')}
          </ul>
        </nav>
        <div class="settings">
          <select
            aria-label={t.chooseLanguage}
            value={language.value}
            onChange={({ currentTarget }) => chooseLanguage(currentTarget.value as Language)}
          >
            {Object.entries(LANGUAGES).map(([name, words]) => (
              <option key={name} value={name} lang={name} selected={name === language.value}>
                {words.language}
              </option>
            ))}
          </select>
          <button
            type="button"
            class="round"
            aria-label={`${t.theme.label}: ${t.theme.names[theme.value]}`}
            title={`${t.theme.label}: ${t.theme.names[theme.value]}`}
            onClick={nextTheme}
          >
            <Icon name={THEME_ICONS[theme.value]} />
          </button>
        </div>
      </header>
      <Connection />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <footer class="bottom">
        <span>{t.footer.consent}</span>
        {apiKey.value && (
          <button type="button" class="link" onClick={signOut}>
            {t.key.signOut}
          </button>
        )}
        <a href="/docs">{t.footer.api}</a>
      </footer>
      <Announcer />
    </>
  );
}

async function signOut(): Promise<void> {
  if (await ask(strings.value.key.signingOut)) {
    await useKey(undefined);
  }
}

/** A link to `#content` would leave the view, because the hash names the view. */
function skip(): void {
  document.getElementById('content')?.focus();
}

/** Always takes up its row, so that nothing moves when the notice appears. */
function Connection() {
  const t = strings.value.offline;
  const words = !isBrowserOnline.value ? t.browser : !isReachable.value ? t.server : undefined;
  return <div role="status">{words && <p class="strip">{words}</p>}</div>;
}
