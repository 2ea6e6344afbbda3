import type { Scope } from '../../contracts/api-key.ts';

/** What a link can be signed for. */
export const LINKS = ['video', 'photo', 'cutout', 'mask', 'thumbnail', 'events', 'status'] as const;
export type LinkName = (typeof LINKS)[number];

/** What a request needs. */
export interface AccessRule {
  /** `public`: no key. */
  need: Scope | 'public';
  /** The path names a task, which only its own key may see. */
  isAboutTask?: boolean;
  /** The name in a signed link for it. */
  link?: LinkName;
  /** Exempt from rate limits: supervisors poll often, all from one address. */
  isUnlimited?: boolean;
}

const task = (tail: string) => new RegExp(`^/api/pipeline/tasks/[^/]+${tail}$`);

/** The first match counts. Routes without a rule require `admin`, so a forgotten route fails closed. */
const RULES: ReadonlyArray<
  [method: 'GET' | 'POST' | 'PUT' | 'DELETE' | '*', path: RegExp, rule: AccessRule]
> = [
  ['GET', /^\/health\//, { need: 'public', isUnlimited: true }],
  // Names the tasks of all keys.
  ['GET', /^\/health$/, { need: 'admin' }],
  // The page reads it before it has a key.
  ['GET', /^\/api\/info$/, { need: 'public' }],
  // For a provider; the last part of the path is a secret.
  ['POST', /^\/api\/webhooks\/(?!secrets\/)[^/]+\/[^/]+$/, { need: 'public' }],

  ['POST', /^\/api\/pipeline\/generate$/, { need: 'submit' }],
  // The owner is checked after the form is read: the same content under the same key is the same task.
  ['PUT', task(''), { need: 'submit' }],
  ['POST', /^\/api\/pipeline\/previews$/, { need: 'submit' }],
  // The key of the store contains the owner.
  ['GET', /^\/api\/pipeline\/previews\//, { need: 'submit' }],
  ['GET', /^\/api\/pipeline\/tasks$/, { need: 'read' }],
  ['GET', /^\/api\/pipeline\/status\/[^/]+$/, { need: 'read', isAboutTask: true, link: 'status' }],
  // The route checks the owner of each task.
  ['GET', /^\/api\/pipeline\/progress$/, { need: 'read' }],
  // The route checks the owner too, because the task may not be submitted yet.
  ['GET', /^\/api\/pipeline\/progress\/[^/]+(\/events)?$/, { need: 'read', link: 'events' }],
  ['GET', task('/(video|preview)'), { need: 'read', isAboutTask: true, link: 'video' }],
  ['GET', task('/photo'), { need: 'read', isAboutTask: true, link: 'photo' }],
  ['GET', task('/cutout'), { need: 'read', isAboutTask: true, link: 'cutout' }],
  ['GET', task('/mask'), { need: 'read', isAboutTask: true, link: 'mask' }],
  ['GET', task('/thumbnail'), { need: 'read', isAboutTask: true, link: 'thumbnail' }],
  ['GET', task('(/.*)?'), { need: 'read', isAboutTask: true }],
  ['POST', task('/links'), { need: 'read', isAboutTask: true }],
  ['*', task('(/.*)?'), { need: 'submit', isAboutTask: true }],

  ['GET', /^\/api\/webhooks\/deliveries$/, { need: 'read' }],
  ['*', /^\/api\/webhooks\//, { need: 'submit' }],

  ['GET', /^\/api\/(gpu|queues)$/, { need: 'read' }],
  ['GET', /^\/api\/[a-z-]+\/health$/, { need: 'read' }],

  ['GET', /^\/metrics$/, { need: 'metrics' }],
  ['*', /^\/(api|metrics)(\/|$)/, { need: 'admin' }],
  // The page, its files, the API description, and `/watch/…`, which checks its link itself to answer people with a page.
  ['*', /^/, { need: 'public' }],
];

export function accessRule(method: string, path: string): AccessRule {
  const asked = method === 'HEAD' ? 'GET' : method;
  const found = RULES.find(([one, pattern]) => (one === '*' || one === asked) && pattern.test(path));
  return found?.[2] ?? { need: 'admin' };
}
