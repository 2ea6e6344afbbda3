import { signal } from '@preact/signals';

export type Route =
  | { view: 'create' }
  | { view: 'videos' }
  | { view: 'video'; taskId: string }
  | { view: 'operations' };

function parse(hash: string): Route {
  const [, view, id] = hash.split('/');
  if (view === 'videos') {
    return id ? { view: 'video', taskId: id } : { view: 'videos' };
  }
  return view === 'operations' ? { view: 'operations' } : { view: 'create' };
}

/** The hash of the URL names the view, so that it survives reloads and can be shared. */
export const route = signal<Route>(parse(location.hash));

addEventListener('hashchange', () => {
  route.value = parse(location.hash);
});

export function toHash(to: Route): string {
  switch (to.view) {
    case 'create':
      return '#/';
    case 'video':
      return `#/videos/${to.taskId}`;
    default:
      return `#/${to.view}`;
  }
}

export function go(to: Route): void {
  location.hash = toHash(to);
  scrollTo({ top: 0 });
}
