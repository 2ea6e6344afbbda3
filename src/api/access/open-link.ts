import { PipelineError } from '../../errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { FindOwner } from '../tasks/task-owners.ts';
import type { LinkName } from './access-rules.ts';
import { type Caller, toCaller } from './caller.ts';
import { verifyLink } from './link-signature.ts';

export interface OpenLinkDeps {
  keyring: Pick<Keyring, 'findActive' | 'isEmpty'>;
  linkSecret: () => Promise<Buffer>;
  findOwner: FindOwner;
}

/**
 * The caller that a signed link stands for: the key that signed it, limited to reading this task. The task must still be
 * the signer's: once it is erased, another key may submit one under the same id.
 *
 * @throws PipelineError LINK_INVALID, LINK_EXPIRED or TASK_NOT_FOUND
 */
export async function openLink(
  { keyring, linkSecret, findOwner }: OpenLinkDeps,
  link: { taskId: string; name: LinkName },
  query: Record<string, string | undefined>,
): Promise<Caller> {
  const { expires, signature } = query;
  const signer = verifyLink(await linkSecret(), link, { expires, signature }, Date.now());
  const key = signer === undefined ? undefined : await keyring.findActive(signer);
  if (signer !== undefined && !key) {
    throw new PipelineError('LINK_INVALID', 'The key that signed this link is revoked.');
  }
  const seesAll = key ? key.scopes.includes('admin') : await keyring.isEmpty();
  if (!seesAll && (await findOwner(link.taskId)) !== signer) {
    throw new PipelineError('TASK_NOT_FOUND', `There is no task ${link.taskId}.`);
  }
  return { ...(key && toCaller(key)), scopes: new Set(['read']), linkedTaskId: link.taskId };
}
