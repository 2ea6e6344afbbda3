import type { Dispatcher } from 'undici';
import { PipelineError } from '../../errors.ts';
import { downloadResumable } from '../../outbound/download-resumable.ts';

interface DownloadOptions {
  dispatcher: Dispatcher;
  /** Whether videos may come over plain HTTP, as from the emulator. */
  allowsHttp: boolean;
}

/**
 * Downloads the video to a file. Asks for its URL before each attempt. D-ID seems to sign it once, when the talk is done,
 * for a day. In case it signs a new one, an expired URL is final only if the next one has expired too.
 *
 * @throws PipelineError PROVIDER_RESULT_EXPIRED, PROVIDER_UNAVAILABLE, STORAGE_FULL
 */
export type Download = (findUrl: () => Promise<string>, path: string, signal: AbortSignal) => Promise<void>;

export function createDownload({ dispatcher, allowsHttp }: DownloadOptions): Download {
  return async (findUrl, path, signal) => {
    let url = '';
    let expiredUrl: string | undefined;
    await downloadResumable({
      async url() {
        url = await findUrl();
        if (!url.startsWith('https:') && !allowsHttp) {
          throw new PipelineError(
            'PROVIDER_RESPONSE_INVALID',
            'Expected an https URL of the video from D-ID',
          );
        }
        if (expiredUrl !== undefined && (url === expiredUrl || isExpired(url))) {
          throw resultExpired(url);
        }
        return url;
      },
      onRefused({ status, message }) {
        // "Access Denied" was seen for good videos too, and may pass.
        if (status === 403 && (message === 'Request has expired' || isExpired(url))) {
          expiredUrl = url;
        }
      },
      path,
      signal,
      dispatcher,
      followRedirects: false,
      retryDelayMs: 200,
      toError: (reason, cause) =>
        new PipelineError('PROVIDER_UNAVAILABLE', `Cannot download the video from D-ID: ${reason}`, {
          cause,
        }),
    });
  };
}

function resultExpired(url: string): PipelineError {
  const expires = expiryOf(url);
  const when = expires ? ` on ${expires.toISOString().slice(0, 16).replace('T', ' at ')} UTC` : '';
  return new PipelineError(
    'PROVIDER_RESULT_EXPIRED',
    `D-ID made the video, but its link expired${when}, before the video could be downloaded. Submitting the task again pays for another talk.`,
  );
}

function isExpired(url: string): boolean {
  const expires = expiryOf(url);
  return expires !== undefined && expires.getTime() <= Date.now();
}

/** When a presigned URL of S3 expires, in the form that D-ID's results have. */
function expiryOf(url: string): Date | undefined {
  const expiresS = Number(new URL(url).searchParams.get('Expires'));
  return expiresS > 0 ? new Date(expiresS * 1000) : undefined;
}
