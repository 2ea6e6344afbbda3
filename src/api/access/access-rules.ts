import type { Scope } from '../../contracts/api-key.ts';

/** The things of a task that a link can be signed for. */
export const LINKS = ['video', 'photo', 'cutout', 'mask', 'thumbnail', 'events', 'status'] as const;
export type LinkName = (typeof LINKS)[number];

/** Who may make a request. */
export interface AccessRule {
  /** `public`: everybody, without a key. */
  need: Scope | 'public';
  /** The path names a task, which is there for its own key only. */
  isAboutTask?: boolean;
  /** What a signed link for it names. */
  link?: LinkName;
  /** Not counted: supervisors ask often, all from one address. */
  isUnlimited?: boolean;
}

const task = (tail: string) => new RegExp(`^/api/pipeline/tasks/[^/]+${tail}$`);

/** The first that fits counts. What no rule names is for `admin`, so that a route that was forgotten here is closed. */
const RULES: ReadonlyArray<
  [method: 'GET' | 'POST' | 'PUT' | 'DELETE' | '*', path: RegExp, rule: AccessRule]
> = [
  ['GET', /^\/health\//, { need: 'public', isUnlimited: true }],
  // What the page asks before it asks for a key.
  ['GET', /^\/api\/info$/, { need: 'public' }],
  // Of a provider: the end of the path is the password.
  ['POST', /^\/api\/webhooks\/(?!secrets\/)[^/]+\/[^/]+$/, { need: 'public' }],

  ['POST', /^\/api\/pipeline\/generate$/, { need: 'submit' }],
  // Whose it is shows when its form has been read: the same content under the same key is the same task.
  ['PUT', task(''), { need: 'submit' }],
  ['GET', /^\/api\/pipeline\/tasks$/, { need: 'read' }],
  ['GET', /^\/api\/pipeline\/status\/[^/]+$/, { need: 'read', isAboutTask: true, link: 'status' }],
  [
    'GET',
    /^\/api\/pipeline\/progress\/[^/]+(\/events)?$/,
    { need: 'read', isAboutTask: true, link: 'events' },
  ],
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

  ['*', /^\/(api|metrics)(\/|$)/, { need: 'admin' }],
  // The page, its files, the description of the API.
  ['*', /^/, { need: 'public' }],
];

export function accessRule(method: string, path: string): AccessRule {
  const asked = method === 'HEAD' ? 'GET' : method;
  const found = RULES.find(([one, pattern]) => (one === '*' || one === asked) && pattern.test(path));
  return found?.[2] ?? { need: 'admin' };
}
