import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { count } from '../../../src/config/kinds.ts';
import type { ErrorCode } from '../../../src/contracts/error-codes.ts';
import { PipelineError } from '../../../src/errors.ts';
import type { RemoteProviderDescriptor, RemoteSettings } from '../../../src/ports/provider.ts';
import type { RemoteVideoProvider } from '../../../src/ports/video-provider.ts';

interface ToySettings extends RemoteSettings {
  url: string;
  key: string;
}

const variables = {
  TOY_URL: z.url().optional().describe('Address of Toy Talks'),
  TOY_KEY: z.string().optional().describe('Key for Toy Talks'),
  TOY_TALKS_IN_FLIGHT: count(10).describe('Maximum talks in progress at Toy Talks'),
};
const Variables = z.object(variables);

const CODES: Record<number, ErrorCode> = {
  418: 'PROVIDER_UNAUTHORIZED',
  423: 'PROVIDER_BUSY',
  499: 'PROVIDER_CREDITS_EXHAUSTED',
  529: 'PROVIDER_UNAVAILABLE',
};

/** A second remote provider: an example with everything that a provider needs. */
export const toy: RemoteProviderDescriptor<ToySettings> = {
  kind: 'remote',
  name: 'toy',
  label: 'Toy Talks',
  capabilities: { transparentBackground: false },
  secondsPerCredit: 2,
  settings: {
    variables,
    secrets: ['TOY_KEY'],
    required: 'an address and a key (TOY_URL, TOY_KEY)',
    talkTimeout: 'TOY_TALK_TIMEOUT_S',
    read({ TOY_URL: url, TOY_KEY: key, TOY_TALKS_IN_FLIGHT: maxTalksInFlight }: z.infer<typeof Variables>) {
      const terms = { maxTalksInFlight, talkTimeoutMs: 20_000, hasWebhook: false, timeScale: 0.02 };
      return url && key ? { url, key, requestsPerS: 100, terms } : undefined;
    },
  },
  producerVersion: ({ url }) => url,
  open: async (settings) => ({ ...createToy(settings), [Symbol.asyncDispose]: async () => {} }),
  examine: async (settings) => ({ state: 'ok', found: settings ? 'set up' : 'not set up' }),
};

function createToy({ url, key }: ToySettings): RemoteVideoProvider {
  async function call(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
  ): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(`${url}/${path}`, {
        method,
        headers: { 'x-toy-key': key },
        ...(body && { body }),
      });
    } catch (cause) {
      const code = path === 'clip' ? 'PROVIDER_AMBIGUOUS' : 'PROVIDER_UNAVAILABLE';
      throw new PipelineError(code, 'Toy Talks does not answer', { cause });
    }
    if (!answer.ok && answer.status !== 404) {
      const code = CODES[answer.status] ?? 'PROVIDER_RESPONSE_INVALID';
      throw new PipelineError(code, `Toy Talks answered ${answer.status}`);
    }
    return answer;
  }
  const read = async <T>(path: string) => (await (await call('GET', path)).json()) as T;
  const upload = async (path: string) => {
    const answer = await call('PUT', 'file', new Uint8Array(await readFile(path)));
    const id = (await answer.json()) as string;
    return { id, url: `${url}/file/${id}` };
  };
  return {
    name: 'toy',
    async readCredits() {
      const remaining = await read<number>('coins');
      return { remaining, total: 1_000 };
    },
    uploadPortrait: upload,
    uploadVoice: upload,
    async createTalk({ requestId, voiceUrl }) {
      const voice = voiceUrl.split('/').at(-1);
      const answer = await call('PUT', 'clip', JSON.stringify({ job: requestId, voice }));
      return { talkId: (await answer.json()) as string };
    },
    async findTalk(requestId) {
      const [talkId] = await read<string[]>(`clips/${requestId}`);
      return talkId === undefined ? undefined : { talkId };
    },
    async readTalk(talkId) {
      const status = await read<string>(`clip/${talkId}`);
      return { talkId, status, state: status === 'served' ? 'done' : 'working' };
    },
    async download(talkId, videoPath, signal) {
      await writeFile(videoPath, (await call('GET', `video/${talkId}`)).body!, { signal });
    },
    async delete(_, id) {
      await call('DELETE', `thing/${id}`);
    },
  };
}
