import { createHmac, timingSafeEqual } from 'node:crypto';
import { PipelineError } from '../../errors.ts';
import type { LinkName } from './access-rules.ts';

export interface Link {
  taskId: string;
  name: LinkName;
  /** Unix time in seconds. */
  expires: number;
  /** The key that signed it: revoking it ends its links. `undefined` on a server without keys. */
  signer: string | undefined;
}

/** The query of a link: `expires=…&signature=…`. */
export function signLink(secret: Buffer, link: Link): string {
  const signature = `${link.signer ?? ''}.${mac(secret, link).toString('base64url')}`;
  return new URLSearchParams({ expires: String(link.expires), signature }).toString();
}

/**
 * The signer of a valid link.
 * @throws PipelineError LINK_INVALID, LINK_EXPIRED
 */
export function verifyLink(
  secret: Buffer,
  { taskId, name }: Pick<Link, 'taskId' | 'name'>,
  query: { expires: string | undefined; signature: string | undefined },
  now: number,
): string | undefined {
  const [, signer = '', given = ''] = /^([a-z0-9-]*)\.([\w-]{43})$/.exec(query.signature ?? '') ?? [];
  const expires = /^\d{1,12}$/.test(query.expires ?? '') ? Number(query.expires) : Number.NaN;
  const expected = mac(secret, { taskId, name, expires, signer: signer || undefined });
  if (given === '' || Number.isNaN(expires) || !timingSafeEqual(Buffer.from(given, 'base64url'), expected)) {
    throw new PipelineError(
      'LINK_INVALID',
      'This link was not signed by this server, or it was changed. Request a new one.',
    );
  }
  if (expires * 1000 <= now) {
    throw new PipelineError('LINK_EXPIRED', 'This link has expired. Request a new one.');
  }
  return signer || undefined;
}

function mac(secret: Buffer, { taskId, name, expires, signer }: Link): Buffer {
  // No part contains a line break.
  return createHmac('sha256', secret)
    .update(['limelight/link/1', taskId, name, expires, signer ?? ''].join('\n'))
    .digest();
}
