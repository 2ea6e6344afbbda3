import { Agent } from 'undici';
import type { RemoteVideoProvider } from '../../ports/video-provider.ts';
import { createDIdHttp } from './d-id-http.ts';
import { createDIdProvider } from './d-id-provider.ts';
import { createDownload } from './download.ts';
import type { DIdSettings } from './settings.ts';

/** D-ID over a pool of connections, which closes when the provider is disposed. */
export function openDId(config: DIdSettings): RemoteVideoProvider & AsyncDisposable {
  const { connectMs, answerMs } = config.timeouts;
  const dispatcher = new Agent({
    connections: config.connections,
    connect: { timeout: connectMs },
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
  });
  const http = createDIdHttp({ ...config, dispatcher });
  const allowsHttp = config.apiUrl.startsWith('http:');
  const provider = createDIdProvider({
    http,
    download: createDownload({ dispatcher, allowsHttp }),
    stitch: config.stitch,
    ...(config.webhookUrl && { webhookUrl: config.webhookUrl }),
  });
  return { ...provider, [Symbol.asyncDispose]: () => dispatcher.close() };
}
