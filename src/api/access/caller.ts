import type { ApiKey, Scope } from '../../contracts/api-key.ts';
import { PipelineError } from '../../errors.ts';

/** Who a request comes from, once it is known that it may be made. */
export interface Caller {
  /** Absent where a server without keys is used, or by a signed link. */
  key?: ApiKey;
  /** The key that its tasks belong to. */
  owner?: string;
  /** The one task that a signed link opened. */
  linkedTaskId?: string;
  scopes: ReadonlySet<Scope>;
}

export const EVERYTHING: ReadonlySet<Scope> = new Set<Scope>(['admin']);

export function toCaller(key: ApiKey): Caller {
  return { key, owner: key.name, scopes: new Set(key.scopes) };
}

export function isAllowed({ scopes }: Caller, need: Scope): boolean {
  return scopes.has('admin') || scopes.has(need);
}

/** Whether tasks of this owner are there for the caller: its own, and everybody's for `admin`. */
export function maySee({ scopes, owner }: Caller, taskOwner: string | undefined): boolean {
  return scopes.has('admin') || (taskOwner !== undefined && taskOwner === owner);
}

/** Whose things a list shows the caller; everybody's for admins, and on a server without keys. */
export function ownerSeenBy(caller: Caller | undefined): string | undefined {
  return caller?.scopes.has('admin') ? undefined : caller?.owner;
}

/** The secret of `Authorization: Bearer …`; nothing where there is no such header. @throws PipelineError KEY_INVALID */
export function bearerSecret(header: string | undefined): string | undefined {
  if (header === undefined) {
    return undefined;
  }
  const secret = /^Bearer +([\x21-\x7e]{1,200})$/i.exec(header.trim())?.[1];
  if (!secret) {
    throw new PipelineError('KEY_INVALID', 'Authorization: expected "Bearer" and an API key.');
  }
  return secret;
}
