import { createHmac, randomBytes } from 'node:crypto';

const ACCESS_KEY_ID = 'AKIAEMULATOREMULATOR';

/** Why S3 refuses a signed URL. */
export type Refusal = { code: 'AccessDenied' | 'SignatureDoesNotMatch'; message: string; expires?: Date };

/** Presigned URLs of S3 in the older form (signature version 2), which D-ID's results have. */
export class SignedUrls {
  readonly #secret = randomBytes(16);

  /** @param url without a query */
  sign(url: string, expires: Date): string {
    const expiresS = Math.floor(expires.getTime() / 1000);
    const query = new URLSearchParams({
      AWSAccessKeyId: ACCESS_KEY_ID,
      Expires: String(expiresS),
      Signature: this.#toSignature(new URL(url).pathname, expiresS),
    });
    return `${url}?${query}`;
  }

  /** `undefined` if the URL is valid now. */
  refuse(url: URL): Refusal | undefined {
    const expiresS = Number(url.searchParams.get('Expires'));
    if (url.searchParams.get('Signature') !== this.#toSignature(url.pathname, expiresS)) {
      return {
        code: 'SignatureDoesNotMatch',
        message: 'The request signature we calculated does not match the signature you provided.',
      };
    }
    const expires = new Date(expiresS * 1000);
    return expires.getTime() <= Date.now()
      ? { code: 'AccessDenied', message: 'Request has expired', expires }
      : undefined;
  }

  #toSignature(path: string, expiresS: number): string {
    return createHmac('sha1', this.#secret).update(`GET\n\n\n${expiresS}\n${path}`).digest('base64');
  }
}

/** The XML with which S3 refuses a request. */
export function toS3Error({
  code,
  message,
  expires,
}: {
  code: string;
  message: string;
  expires?: Date;
}): string {
  const times = expires
    ? `<Expires>${toSeconds(expires)}</Expires><ServerTime>${toSeconds(new Date())}</ServerTime>`
    : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${times}<RequestId>0A49CE4060975EAC</RequestId></Error>`;
}

function toSeconds(at: Date): string {
  return at.toISOString().replace(/\.\d+/, '');
}
