import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Account } from './account.ts';
import { EmulatorError, toErrorBody } from './emulator-error.ts';
import type { Call } from './faults.ts';
import { type EmulatorEnv, injectFault } from './inject-fault.ts';
import { serveResult } from './results.ts';
import { type Refusal, type SignedUrls, toS3Error } from './signed-urls.ts';
import { statePage } from './state-page.ts';
import { toTalkAnswer } from './talk-answer.ts';
import type { TalkService } from './talk-service.ts';
import { receiveAudio, receiveImage } from './uploads.ts';

export interface EmulatorDeps {
  findAccount: (authorization: string | undefined) => Account | undefined;
  accounts: () => Iterable<Account>;
  talks: TalkService;
  /** The folder for uploads. */
  folder: string;
  signedUrls: SignedUrls;
}

interface Answer {
  status: 200 | 201 | 204;
  body?: unknown;
}

const PAGE_SIZE = 100;
/** D-ID's bucket, with the files of all talks. */
export const BUCKET_PATH = '/d-id-talks-prod';

/** D-ID's API, by its specification and by what it does in practice. */
export function createEmulatorApp(deps: EmulatorDeps): Hono<EmulatorEnv> {
  const app = new Hono<EmulatorEnv>();

  const serve =
    (call: Call, work: (account: Account, c: Context<EmulatorEnv>) => Promise<Answer> | Answer) =>
    async (c: Context<EmulatorEnv>): Promise<Response> => {
      const authorization = c.req.header('authorization');
      const account = deps.findAccount(authorization);
      if (!account && authorization && !/^(Basic|Bearer) /.test(authorization)) {
        return c.json({ message: toUnreadableHeader(authorization) }, 403);
      }
      if (!account) {
        return toResponse(c, new EmulatorError(401, 'AuthorizationError', 'user unauthenticated'));
      }
      return injectFault(c, account, call, async () => {
        try {
          const { status, body } = await work(account, c);
          return body === undefined ? c.body(null, status) : c.json(body, status as ContentfulStatusCode);
        } catch (error) {
          return toResponse(c, error);
        }
      });
    };

  app.post(
    '/images',
    serve('uploadImage', async (account, c) => ({
      status: 201,
      body: await receiveImage(account, deps.folder, await c.req.formData()),
    })),
  );
  app.post(
    '/audios',
    serve('uploadAudio', async (account, c) => ({
      status: 201,
      body: await receiveAudio(account, deps.folder, await c.req.formData()),
    })),
  );
  app.delete(
    '/images/:id',
    serve('deleteImage', (account, c) => remove(account.images, idOf(c))),
  );
  app.delete(
    '/audios/:id',
    serve('deleteAudio', (account, c) => remove(account.audios, idOf(c))),
  );

  app.post(
    '/talks',
    serve('createTalk', async (account, c) => {
      const talk = await deps.talks.create(account, await c.req.json());
      return {
        status: 201,
        body: {
          id: talk.id,
          object: 'talk',
          created_by: 'emulator',
          created_at: talk.createdAt.toISOString(),
          status: 'created',
        },
      };
    }),
  );
  app.get(
    '/talks',
    serve('listTalks', (account, c) => {
      const limit = Math.min(Number(c.req.query('limit') ?? PAGE_SIZE) || PAGE_SIZE, PAGE_SIZE);
      const start = Number(c.req.query('token') ?? 0);
      const visible = [...account.talks.values()]
        .filter(({ createdAt }) => Date.now() - createdAt.getTime() >= account.options.listDelayMs)
        .reverse();
      const talks = visible.slice(start, start + limit);
      const hasMore = start + limit < visible.length;
      return {
        status: 200,
        body: {
          talks: talks.map((talk) => toTalkAnswer(account, talk, account.options.shows)),
          ...(hasMore && { token: String(start + limit) }),
        },
      };
    }),
  );
  app.get(
    '/talks/:id',
    serve('readTalk', (account, c) => {
      const talk = find(account.talks, idOf(c));
      return { status: 200, body: toTalkAnswer(account, talk, account.options.shows) };
    }),
  );
  app.delete(
    '/talks/:id',
    serve('deleteTalk', (account, c) => {
      const talk = find(account.talks, idOf(c));
      if (talk.status === 'created' || talk.status === 'started') {
        throw new EmulatorError(409, 'NotReadyError', 'the talk is still in progress');
      }
      account.talks.delete(talk.id);
      return { status: 200, body: toTalkAnswer(account, talk, account.options.shows) };
    }),
  );
  app.get(
    '/credits',
    serve('readCredits', ({ credits, allCredits, options }) => {
      if (!options.hasCreditRecord) {
        throw new EmulatorError(404, 'NotFoundError', 'not credits found for user');
      }
      return { status: 200, body: { credits: [], remaining: credits, total: allCredits } };
    }),
  );

  app.get(`${BUCKET_PATH}/:user/:talkId/:name`, async (c) => {
    const refusal = deps.signedUrls.refuse(new URL(c.req.url));
    if (refusal) {
      return refuseAsS3(c, refusal);
    }
    const talkId = c.req.param('talkId');
    const account = [...deps.accounts()].find(({ talks }) => talks.has(talkId));
    const path = account?.talks.get(talkId)?.result?.path;
    return account && path
      ? injectFault(c, account, 'download', (fault) => serveResult(c, path, fault))
      : refuseAsS3(c, { code: 'AccessDenied', message: 'Access Denied' });
  });
  app.get('/', (c) => c.html(statePage(deps.accounts())));
  app.notFound((c) => toResponse(c, new EmulatorError(404, 'NotFoundError', 'not found')));
  app.onError((error, c) => toResponse(c, error));
  return app;
}

function toResponse(c: Context, error: unknown): Response {
  const known =
    error instanceof EmulatorError ? error : new EmulatorError(500, 'UnknownError', String(error));
  if (known.retryAfterS !== undefined) {
    c.header('Retry-After', String(known.retryAfterS));
  }
  const { status, kind, message, details } = known;
  return c.json(
    toErrorBody({ status, error: kind, description: message, details }),
    status as ContentfulStatusCode,
  );
}

/** What the gateway answers to a header that it does not understand. It repeats the key. */
function toUnreadableHeader(authorization: string): string {
  return `'${authorization}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`;
}

function refuseAsS3(c: Context, refusal: Refusal): Response {
  return c.body(toS3Error(refusal), 403, { 'Content-Type': 'application/xml' });
}

function idOf(c: Context): string {
  return c.req.param('id') ?? '';
}

function find<T>(shelf: Map<string, T>, id: string): T {
  const found = shelf.get(id);
  if (!found) {
    throw new EmulatorError(404, 'NotFoundError', 'not found');
  }
  return found;
}

function remove(shelf: Map<string, unknown>, id: string): Answer {
  find(shelf, id);
  shelf.delete(id);
  return { status: 204 };
}
