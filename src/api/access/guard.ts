import type { Context, MiddlewareHandler } from 'hono';
import { isFailure, PipelineError } from '../../errors.ts';
import type { Networks } from '../../outbound/networks.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { parseTaskId } from '../tasks/task-id.ts';
import { assertOwn, type FindOwner } from '../tasks/task-owners.ts';
import { accessRule, type LinkName } from './access-rules.ts';
import type { AnonymousAccess } from './anonymous-access.ts';
import { bearerSecret, type Caller, isAllowed, toCaller } from './caller.ts';
import { clientAddress, toClientNetwork } from './client-address.ts';
import type { Keyring } from './keyring.ts';
import { verifyLink } from './link-signature.ts';
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
      return byLink(c, link);
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

  async function byLink(c: Context<ApiEnv>, name: LinkName): Promise<Caller> {
    const taskId = taskOf(c.req.path);
    const { expires, signature } = c.req.query();
    const signer = verifyLink(await deps.linkSecret(), { taskId, name }, { expires, signature }, Date.now());
    if (signer !== undefined && !(await keyring.isActive(signer))) {
      throw new PipelineError('LINK_INVALID', 'The key that signed this link is revoked.');
    }
    return { scopes: new Set(['read']), linkedTaskId: taskId };
  }

  async function assertOwnOrUnknown(taskId: string, caller: Caller): Promise<void> {
    const findOwner = (id: string) =>
      deps.findOwner(id).catch((error) => {
        // The route answers, or waits for the task to be submitted.
        if (isFailure(error, 'TASK_NOT_FOUND')) return caller.owner;
        throw error;
      });
    await assertOwn(findOwner, caller, taskId);
  }

  function count(c: Context<ApiEnv>, caller: Caller | undefined): void {
    const peer = c.env?.incoming?.socket?.remoteAddress;
    const address = clientAddress(peer, c.req.header('x-forwarded-for'), deps.trustedProxies);
    deps.countRequest(c, caller?.owner ? `key/${caller.owner}` : `address/${toClientNetwork(address)}`);
  }

  return async (c, next) => {
    const { need, link, isAboutTask, isUnlimited } = accessRule(c.req.method, c.req.path);
    if (isUnlimited) {
      return next();
    }
    if (need === 'public') {
      if (!(anonymousAccess.isLocal && (await keyring.isEmpty()))) count(c, undefined);
      return next();
    }
    const caller = await identify(c, link).catch((error) => {
      // Guesses count like any other request.
      count(c, undefined);
      throw error;
    });
    // No limits for the user of a local server without keys.
    if (caller.key || caller.linkedTaskId || !anonymousAccess.isLocal) {
      count(c, caller);
    }
    c.set('caller', caller);
    if (!isAllowed(caller, need)) {
      throw new PipelineError('KEY_SCOPE_MISSING', `This key may not do that: it needs the scope ${need}.`);
    }
    const taskId = taskOf(c.req.path);
    if (isAboutTask && taskId !== '') {
      await assertOwnOrUnknown(taskId, caller);
    }
    return next();
  };
}

/** The task id as the routes parse it; empty if the path names none. */
function taskOf(path: string): string {
  return parseTaskId(path.split('/')[4] ?? '') ?? '';
}
