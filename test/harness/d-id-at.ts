import type { Dispatcher } from 'undici';
import type { RemoteVideoProvider } from '../../src/ports/video-provider.ts';
import { createDIdHttp } from '../../src/providers/d-id/d-id-http.ts';
import { createDIdProvider } from '../../src/providers/d-id/d-id-provider.ts';
import { createDownload } from '../../src/providers/d-id/download.ts';

export const API_KEY = 'someone@example.com:s3cr3t-p4ss';

export interface DIdAt {
  url: string;
  dispatcher: Dispatcher;
  apiKey?: string;
  encodesKey?: boolean;
  stitch?: boolean;
  webhookUrl?: string;
}

/** The D-ID adapter over any dispatcher. */
export function dIdAt({ url, dispatcher, ...options }: DIdAt): RemoteVideoProvider {
  const { apiKey = API_KEY, encodesKey = false, stitch = true, webhookUrl } = options;
  return createDIdProvider({
    http: createDIdHttp({ apiUrl: url, apiKey, encodesKey, dispatcher }),
    download: createDownload({ dispatcher, allowsHttp: url.startsWith('http:') }),
    stitch,
    ...(webhookUrl && { webhookUrl }),
  });
}
