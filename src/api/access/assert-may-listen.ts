import { PipelineError } from '../../errors.ts';
import type { Access } from './access.ts';

/** @throws PipelineError CONFIG_INVALID where strangers could reach a server that has no keys, and nobody said they may. */
export async function assertMayListen(
  { keyring, anonymousAccess }: Pick<Access, 'keyring' | 'anonymousAccess'>,
  { host, letsAnyoneIn }: { host: string; letsAnyoneIn: boolean },
): Promise<void> {
  if (anonymousAccess.isLocal || letsAnyoneIn || !(await keyring.isEmpty())) {
    return;
  }
  throw new PipelineError(
    'CONFIG_INVALID',
    `Expected an API key before this server listens on ${host}, where others than this machine reach it: create one with "limelight keys create", or set API_WITHOUT_KEYS=let-anyone-in`,
  );
}
