import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { html, raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { taskKeys } from '../../contracts/task-keys.ts';
import { toFileName } from '../../contracts/task-name.ts';
import { videoFormatOf } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';
import { signLink } from '../access/link-signature.ts';
import { openLink } from '../access/open-link.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { taskParam } from '../tasks/task-param.ts';
import type { ApiDeps } from './api-deps.ts';

/** Nothing runs in the page, and it loads nothing but the video and its first frame. */
const POLICY =
  "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** For people who have only the link, in the language of their browser. */
const WORDS = {
  en: {
    untitled: 'A talking video',
    download: 'Download',
    made: 'Made with Limelight from a photo and a voice recording.',
    gone: 'This video is no longer here',
    goneText: 'The link has expired or the video was deleted. Ask for a new link.',
  },
  de: {
    untitled: 'Ein sprechendes Video',
    download: 'Herunterladen',
    made: 'Mit Limelight aus einem Foto und einer Sprachaufnahme erstellt.',
    gone: 'Dieses Video ist nicht mehr da',
    goneText: 'Der Link ist abgelaufen oder das Video wurde gelöscht. Bitte um einen neuen Link.',
  },
};
type Language = keyof typeof WORDS;

const STYLE = `:root{color-scheme:light dark}
body{margin:0;min-height:100dvh;display:grid;place-items:center;background:light-dark(#f6f5f0,#0e0f0b);color:light-dark(#191a12,#f3f3ea);font:1rem/1.5 system-ui,sans-serif}
main{display:grid;gap:16px;padding:16px;width:min(100% - 32px,1080px);justify-items:center}
h1{margin:0;font-size:1.5rem;line-height:1.2;text-align:center;overflow-wrap:anywhere}
video{max-width:100%;max-height:75dvh;border-radius:16px;background:repeating-conic-gradient(light-dark(#e4e3da,#24261e) 0 25%,light-dark(#fff,#33362b) 0 50%) 0 0/20px 20px}
p{margin:0;text-align:center}
a{color:inherit}
.button{display:inline-grid;place-items:center;min-height:44px;padding:0 20px;border-radius:22px;background:light-dark(#191a12,#d4f53c);color:light-dark(#fff,#191a12);font-weight:600;text-decoration:none}`;

/**
 * A page with a player behind a signed link, for people. Its video needs no other key than the link. Open Graph tags
 * describe it, so that messengers show a preview.
 */
export function watchRoutes(
  deps: Pick<ApiDeps, 'records' | 'names' | 'store' | 'access' | 'publicUrl'>,
): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get('/watch/:task_id', async (c) => {
    c.header('Content-Security-Policy', POLICY);
    c.header('Cache-Control', 'private, no-store');
    c.header('X-Robots-Tag', 'noindex');
    const language = languageOf(c);
    try {
      return c.html(await playerPage(c, deps, language));
    } catch (error) {
      if (!(error instanceof PipelineError) || error.status >= 500) {
        throw error;
      }
      const { gone, goneText } = WORDS[language];
      const body = html`<h1>${gone}</h1><p>${goneText}</p>`;
      return c.html(toDocument(language, gone, '', body), error.status as ContentfulStatusCode);
    }
  });
}

function languageOf(c: Context<ApiEnv>): Language {
  return accepts(c, {
    header: 'Accept-Language',
    supports: Object.keys(WORDS),
    default: 'en',
    match: (wanted) =>
      wanted
        .toSorted((a, b) => b.q - a.q)
        .map(({ type }) => type.split('-')[0]!.toLowerCase())
        .find((tag) => Object.hasOwn(WORDS, tag)) ?? 'en',
  }) as Language;
}

async function playerPage(
  c: Context<ApiEnv>,
  {
    records,
    names,
    store,
    access,
    publicUrl,
  }: Pick<ApiDeps, 'records' | 'names' | 'store' | 'access' | 'publicUrl'>,
  language: Language,
) {
  const taskId = taskParam(c);
  const query = c.req.query();
  const { owner: signer } = await openLink(access, { taskId, name: 'video' }, query);
  const secret = await access.linkSecret();
  const record = await records.read(taskId);
  const { outcome } = record ?? {};
  const format = videoFormatOf(record?.options ?? {});
  if (!outcome?.success || !(await store.stat(taskKeys(taskId, format).video))) {
    throw new PipelineError('TASK_NOT_FOUND', `There is no video of task ${taskId}.`);
  }
  const words = WORDS[language];
  const name = (await names.read(taskId)) ?? record!.options.name;
  const toQuery = (file: 'video' | 'thumbnail') =>
    signLink(secret, { taskId, name: file, expires: Number(query.expires), signer });
  const base = publicUrl ?? new URL(c.req.url).origin;
  const task = `/api/pipeline/tasks/${taskId}`;
  const [video, thumbnail] = [
    `${task}/video?${toQuery('video')}`,
    `${task}/thumbnail?${toQuery('thumbnail')}`,
  ];
  const facts = outcome.metadata.video;
  const title = name ?? words.untitled;
  const tags: Array<[property: string, content: string | number]> = [
    ['og:type', 'video.other'],
    ['og:site_name', 'Limelight'],
    ['og:title', title],
    ['og:description', words.made],
    ['og:url', `${base}/watch/${taskId}?${toQuery('video')}`],
    ['og:image', base + thumbnail],
    ['og:image:width', facts.width_px],
    ['og:image:height', facts.height_px],
    ['og:video', base + video],
    ['og:video:type', facts.content_type],
    ['og:video:width', facts.width_px],
    ['og:video:height', facts.height_px],
  ];
  const head = html`${tags.map(
    ([property, content]) => html`<meta property="${property}" content="${content}">`,
  )}`;
  const file = toFileName(title, format);
  const body = html`<h1>${title}</h1>
<video controls playsinline preload="metadata" width="${facts.width_px}" height="${facts.height_px}" poster="${thumbnail}" src="${video}" aria-label="${title}"></video>
<a class="button" href="${video}" download="${file}">${words.download}</a>
<p><small>${words.made}</small></p>`;
  return toDocument(language, title, head, body);
}

function toDocument(language: Language, title: string, head: unknown, body: unknown) {
  return html`<!doctype html>
<html lang="${language}" prefix="og: https://ogp.me/ns#">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} · Limelight</title>
<link rel="icon" href="data:,">
${head}
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}
