/** The shared worker of all tabs: one connection for the events of all their tasks. */
import { createEventHub, type TaskNews } from './event-hub.ts';

/** What a tab asks for. */
export type Wish = { key: string | undefined } | { follow: string; since: number } | { leave: string };
/** What a tab receives. */
export interface Told {
  id: string;
  news: TaskNews;
}

const hub = createEventHub();

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  const following = new Map<string, () => void>();
  port!.onmessage = ({ data: wish }: MessageEvent<Wish>) => {
    if ('key' in wish) {
      hub.useKey(wish.key);
    } else if ('leave' in wish) {
      following.get(wish.leave)?.();
      following.delete(wish.leave);
    } else {
      const { follow: id, since } = wish;
      following.get(id)?.();
      following.set(
        id,
        hub.follow(id, since, (news) => port!.postMessage({ id, news } satisfies Told)),
      );
    }
  };
});
