import type { Context, MiddlewareHandler } from 'hono';
import { PipelineError } from '../../errors.ts';
import type { Networks } from '../../outbound/networks.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { assertOwn, type FindOwner } from '../tasks/task-owners.ts';
import { accessRule, type LinkName } from './access-rules.ts';
import type { AnonymousAccess } from './anonymous-access.ts';
import { bearerSecret, type Caller, isAllowed, toCaller } from './caller.ts';
import { clientAddress, toClientNetwork } from './client-address.ts';
import { openLink } from './open-link.ts';
import type { CountRequest } from './rate-limit.ts';

export interface GuardDeps {
  keyring: Keyring;
  anonymousAccess: AnonymousAccess;
  linkSecret: () => Promise<Buffer>;
  findOwner: FindOwner;
  countRequest: CountRequest;
  trustedProxies: Networks;
}

/** Before every route: identifies the caller, checks the scope, and checks that the task is the caller's. */
export function guard({ keyring, anonymousAccess, ...deps }: GuardDeps): MiddlewareHandler<ApiEnv> {
  async function identify(c: Context<ApiEnv>, link: LinkName | undefined): Promise<Caller> {
    const secret = bearerSecret(c.req.header('authorization'));
    if (secret !== undefined) {
      const key = await keyring.find(secret);
      if (!key) {
        throw new PipelineError(
          'KEY_INVALID',
          'This API key is unknown, revoked or replaced. Use another one.',
        );
      }
      return toCaller(key);
    }
    if (link && c.req.query('signature') !== undefined) {
      const linked = { taskId: taskOf(c.req.path), name: link };
      const caller = await openLink({ keyring, ...deps }, linked, c.req.query());
      // Files with a signed link may be embedded anywhere.
      c.header('Cross-Origin-Resource-Policy', 'cross-origin');
      return caller;
    }
    const guest = (await keyring.isEmpty()) ? anonymousAccess.callerOf(c) : undefined;
    if (!guest) {
      throw new PipelineError(
        'KEY_REQUIRED',
        'Expected an API key: send "Authorization: Bearer" and the key.',
      );
    }
    return guest;
  }

  function addressOf(c: Context<ApiEnv>): string {
    const peer = c.env?.incoming?.socket?.remoteAddress;
    const address = clientAddress(peer, c.req.header('x-forwarded-for'), deps.trustedProxies);
    return `address/${toClientNetwork(address)}`;
  }

  /** Requests by a link count for its signer, but separately, so that people with the link cannot lock out the key. */
  function clientOf(c: Context<ApiEnv>, { owner, linkedTaskId }: Caller): string {
    return owner === undefined ? addressOf(c) : `${linkedTaskId === undefined ? 'key' : 'link'}/${owner}`;
  }

  return async (c, next) => {
    const { need, link, isAboutTask, isUnlimited } = accessRule(c.req.method, c.req.path);
    if (isUnlimited) {
      return next();
    }
    if (need === 'public') {
      if (!(anonymousAccess.isLocal && (await keyring.isEmpty()))) deps.countRequest(c, addressOf(c));
      return next();
    }
    const caller = await identify(c, link).catch((error) => {
      // Guesses count like any other request.
      deps.countRequest(c, addressOf(c));
      throw error;
    });
    // No limits for the user of a local server without keys.
    if (caller.key || caller.linkedTaskId || !anonymousAccess.isLocal) {
      const client = clientOf(c, caller);
      c.set('client', client);
      // A shared video has many viewers, each with their own address.
      deps.countRequest(c, caller.linkedTaskId ? addressOf(c) : client);
    }
    c.set('caller', caller);
    if (!isAllowed(caller, need)) {
      throw new PipelineError('KEY_SCOPE_MISSING', `This key may not do that: it needs the scope ${need}.`);
    }
    const taskId = taskOf(c.req.path);
    if (isAboutTask && taskId !== '') {
      await assertOwn(deps.findOwner, caller, taskId);
    }
    return next();
  };
}

/** The task id as the routes parse it; empty if the path names none. */
function taskOf(path: string): string {
  return parseTaskId(path.split('/')[4] ?? '') ?? '';
}
