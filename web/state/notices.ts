import { computed, effect, signal } from '@preact/signals';
import { strings } from '../strings/strings.ts';
import { go } from './route.ts';
import { stageOf, type Task, taskIds, taskOf } from './tasks.ts';
import { personsToChoose } from './timeline.ts';

/** What a person who looks at something else wants to hear of. */
export type News = 'ready' | 'failed' | 'asking';

/**
 * Whether this page can notify: not without HTTPS, and not in Chrome on Android, where only a service worker can.
 */
export const canNotify = 'Notification' in globalThis && !/Android/.test(navigator.userAgent);

export const permission = signal(canNotify ? Notification.permission : 'denied');

/** Call it in the handler of a click: browsers ignore other requests. */
export async function askToNotify(): Promise<void> {
  permission.value = await Notification.requestPermission();
}

/** News since the page was last looked at. */
const unseen = signal<News | undefined>(undefined);

/** In the title of the tab. A question stays there until it is answered. */
export const titleNews = computed<News | undefined>(() =>
  taskIds.value.some((id) => newsOf(taskOf(id).value) === 'asking') ? 'asking' : unseen.value,
);

for (const [target, event] of [
  [document, 'visibilitychange'],
  [globalThis, 'focus'],
] as const) {
  target.addEventListener(event, () => {
    if (isLookedAt()) unseen.value = undefined;
  });
}

function isLookedAt(): boolean {
  return !document.hidden && document.hasFocus();
}

function newsOf(task: Task): News | undefined {
  if (task.refusal) return 'failed';
  const stage = stageOf(task);
  if (stage === 'COMPLETED') return 'ready';
  if (stage === 'FAILED') return 'failed';
  return personsToChoose(task) ? 'asking' : undefined;
}

/** The last state of each task that was seen running. What ended before the page was opened is no news. */
const running = new Map<string, News | undefined>();

effect(() => {
  for (const id of taskIds.value) {
    const task = taskOf(id).value;
    const news = newsOf(task);
    const isKnown = running.has(id);
    if (isKnown && news && running.get(id) !== news && !isLookedAt()) {
      unseen.value = news;
      notify(task, news);
    }
    const hasBegun = task.uploading !== undefined || task.events.length > 0 || task.status || task.summary;
    if (news === undefined ? hasBegun && stageOf(task) !== 'CANCELLED' : isKnown) running.set(id, news);
  }
});

function notify(task: Task, news: News): void {
  if (!canNotify || permission.value !== 'granted') {
    return;
  }
  // Other tabs say the same: the tag makes it one notification.
  const notification = new Notification(strings.peek().notices[news], {
    body: task.name ?? '',
    tag: `${task.id}/${news}`,
  });
  notification.onclick = () => {
    focus();
    go({ view: 'video', taskId: task.id });
    notification.close();
  };
}
