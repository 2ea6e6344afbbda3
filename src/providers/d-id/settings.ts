import { z } from 'zod';
import { count, flag, seconds } from '../../config/kinds.ts';
import type { ProviderSettings, RemoteSettings } from '../../ports/provider.ts';

export interface DIdSettings extends RemoteSettings {
  /** `API_USERNAME:API_PASSWORD` as it was issued. */
  apiKey: string;
  encodesKey: boolean;
  /** Without a slash at the end. */
  apiUrl: string;
  stitch: boolean;
  webhookUrl?: string | undefined;
  connections: number;
  timeouts: { connectMs: number; answerMs: number };
}

const variables = {
  D_ID_API_KEY: z
    .string()
    .optional()
    .describe(
      'API_USERNAME:API_PASSWORD as issued by D-ID; with it D-ID makes the videos unless a task says otherwise',
    ),
  D_ID_ENCODE_KEY: flag(false).describe('Whether to send the key in base64'),
  D_ID_API_URL: z.url().default('https://api.d-id.com').describe("Address of D-ID's API, or of the emulator"),
  D_ID_STITCH: flag(true).describe(
    'Whether videos show the whole portrait; plans without this feature show the face only, with a warning',
  ),
  D_ID_WEBHOOK_BASE_URL: z
    .url()
    .optional()
    .describe('https address at which D-ID reaches this API; without it talks are polled more often'),
  D_ID_WEBHOOK_SECRET: z
    .string()
    .min(16)
    .optional()
    .describe('End of the webhook path, at least 16 characters that cannot be guessed; needed for webhooks'),
  D_ID_CONNECTIONS: count(16).describe('Connections of one process to D-ID'),
  D_ID_CONNECT_TIMEOUT_S: seconds(5).describe('Seconds to connect to D-ID'),
  D_ID_ANSWER_TIMEOUT_S: seconds(30).describe('Seconds without a byte from D-ID after which a request fails'),
  D_ID_TALK_TIMEOUT_S: seconds(1800).describe('Seconds after which a task gives up waiting for a talk'),
  D_ID_REQUESTS_PER_S: z.coerce
    .number()
    .positive()
    .default(20)
    .describe('Maximum requests to D-ID per second, over all workers'),
  D_ID_TALKS_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Maximum talks in progress at D-ID, over all workers'),
  D_ID_TIME_SCALE: z.coerce
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Factor on all delays between requests to D-ID; below 1 only for an emulator with scaled time'),
};

const Variables = z.object(variables);

export const dIdSettings: ProviderSettings<DIdSettings> = {
  variables,
  secrets: ['D_ID_API_KEY', 'D_ID_WEBHOOK_SECRET'],
  required: 'an API key (D_ID_API_KEY)',
  talkTimeout: 'D_ID_TALK_TIMEOUT_S',
  read(env: z.infer<typeof Variables>) {
    if (env.D_ID_API_KEY === undefined) {
      return undefined;
    }
    const webhookUrl =
      env.D_ID_WEBHOOK_BASE_URL && env.D_ID_WEBHOOK_SECRET
        ? new URL(`/api/webhooks/d-id/${env.D_ID_WEBHOOK_SECRET}`, env.D_ID_WEBHOOK_BASE_URL).href
        : undefined;
    return {
      apiKey: env.D_ID_API_KEY,
      encodesKey: env.D_ID_ENCODE_KEY,
      apiUrl: env.D_ID_API_URL.replace(/\/$/, ''),
      stitch: env.D_ID_STITCH,
      webhookSecret: env.D_ID_WEBHOOK_SECRET,
      webhookUrl,
      connections: env.D_ID_CONNECTIONS,
      timeouts: {
        connectMs: env.D_ID_CONNECT_TIMEOUT_S * 1000,
        answerMs: env.D_ID_ANSWER_TIMEOUT_S * 1000,
      },
      requestsPerS: env.D_ID_REQUESTS_PER_S,
      terms: {
        maxTalksInFlight: env.D_ID_TALKS_IN_FLIGHT,
        talkTimeoutMs: env.D_ID_TALK_TIMEOUT_S * 1000,
        hasWebhook: webhookUrl !== undefined,
        timeScale: env.D_ID_TIME_SCALE,
      },
    };
  },
};
