import { parseBearer, type Scope } from '../../contracts/api-key.ts';
import type { ApiKey } from '../../contracts/schemas/api-key.ts';
import type { JobInput } from '../../contracts/schemas/job.ts';
import { PipelineError } from '../../errors.ts';

/** The sender of a request that passed the guard. */
export interface Caller {
  /** The key that was sent, or that signed the link. Absent on a server without keys. */
  key?: ApiKey;
  /** The key that its tasks belong to. */
  owner?: string;
  /** Set for a signed link: the one task that it opens, which the signer may see. */
  linkedTaskId?: string;
  scopes: ReadonlySet<Scope>;
}

export const EVERYTHING: ReadonlySet<Scope> = new Set<Scope>(['admin']);

export function toCaller(key: ApiKey): Caller {
  return { key, owner: key.name, scopes: new Set(key.scopes) };
}

/** What a job keeps of the key that submitted it. */
export function submitterOf(caller: Caller | undefined): Pick<JobInput, 'owner' | 'weight'> {
  const weight = caller?.key?.quota?.weight;
  return {
    ...(caller?.owner !== undefined && { owner: caller.owner }),
    ...(weight !== undefined && { weight }),
  };
}

export function isAllowed({ scopes }: Caller, need: Scope): boolean {
  return scopes.has('admin') || scopes.has(need);
}

/** Callers see their own tasks; `admin` sees all. */
export function maySee({ scopes, owner }: Caller, taskOwner: string | undefined): boolean {
  return scopes.has('admin') || (taskOwner !== undefined && taskOwner === owner);
}

/** The owner that lists are filtered by; `undefined` shows all, to admins and on a server without keys. */
export function ownerSeenBy(caller: Caller | undefined): string | undefined {
  return caller?.scopes.has('admin') ? undefined : caller?.owner;
}

/** The secret of `Authorization: Bearer …`, if there is such a header. @throws PipelineError KEY_INVALID */
export function bearerSecret(header: string | undefined): string | undefined {
  if (header === undefined) {
    return undefined;
  }
  const secret = parseBearer(header);
  if (!secret) {
    throw new PipelineError('KEY_INVALID', 'Authorization: expected "Bearer" and an API key.');
  }
  return secret;
}
