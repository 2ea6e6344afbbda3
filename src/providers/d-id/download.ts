import type { Dispatcher } from 'undici';
import { PipelineError } from '../../errors.ts';
import { downloadResumable } from '../../outbound/download-resumable.ts';

interface DownloadOptions {
  dispatcher: Dispatcher;
  /** Whether videos may come over plain HTTP, as from the emulator. */
  allowsHttp: boolean;
}

/** Downloads the video to a file. Asks for its URL before each attempt, because signed URLs expire. */
export type Download = (findUrl: () => Promise<string>, path: string, signal: AbortSignal) => Promise<void>;

export function createDownload({ dispatcher, allowsHttp }: DownloadOptions): Download {
  return (findUrl, path, signal) =>
    downloadResumable({
      async url() {
        const url = await findUrl();
        if (!url.startsWith('https:') && !allowsHttp) {
          throw new PipelineError(
            'PROVIDER_RESPONSE_INVALID',
            'Expected an https URL of the video from D-ID',
          );
        }
        return url;
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
}
