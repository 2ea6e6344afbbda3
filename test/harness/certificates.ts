import { generate } from 'selfsigned';

/** In PEM. */
export interface Identity {
  cert: string;
  key: string;
}

const OPTIONS = { keyType: 'ec', algorithm: 'sha256' } as const;

/** A new certificate authority, which no client trusts by default. */
export async function createAuthority(name = 'Test authority'): Promise<Identity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...OPTIONS,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return { cert, key };
}

/** A certificate for a server or a client. */
export async function issue(
  authority: Identity,
  name: string,
  { untilDate }: { untilDate?: Date } = {},
): Promise<Identity> {
  const isAddress = /^[\d.]+$/.test(name);
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...OPTIONS,
    ca: authority,
    ...(untilDate && { notBeforeDate: new Date(untilDate.getTime() - 86_400_000), notAfterDate: untilDate }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [isAddress ? { type: 7, ip: name } : { type: 2, value: name }] },
    ],
  });
  return { cert, key };
}
