/** The account at D-ID and what is asked of it. */
import { z } from 'zod';
import { count, flag, seconds } from './kinds.ts';

export const dIdVariables = {
  D_ID_API_KEY: z
    .string()
    .optional()
    .describe(
      'API_USERNAME:API_PASSWORD as D-ID issued it; with it videos come from D-ID unless a job says local',
    ),
  D_ID_ENCODE_KEY: flag(false).describe('Whether the key is sent in base64 instead of as it is'),
  D_ID_API_URL: z.url().default('https://api.d-id.com').describe("Address of D-ID's API, or of the emulator"),
  D_ID_STITCH: flag(true).describe(
    'Whether videos show the whole portrait; a plan that does not have it gives the face alone',
  ),
  D_ID_WEBHOOK_BASE_URL: z
    .url()
    .optional()
    .describe('https address at which D-ID reaches this API; without it talks are polled more often'),
  D_ID_WEBHOOK_SECRET: z
    .string()
    .min(16)
    .optional()
    .describe('The unguessable end of the webhook path, at least 16 characters; needed for webhooks'),
  D_ID_CONNECTIONS: count(16).describe('Connections to D-ID of one process'),
  D_ID_CONNECT_TIMEOUT_S: seconds(5).describe('Seconds to connect to D-ID'),
  D_ID_ANSWER_TIMEOUT_S: seconds(30).describe(
    'Seconds without a byte from D-ID after which a request has failed',
  ),
  D_ID_TALK_TIMEOUT_S: seconds(1800).describe('A talk that takes D-ID longer is given up'),
  D_ID_REQUESTS_PER_S: z.coerce
    .number()
    .positive()
    .default(20)
    .describe('Requests to D-ID a second, over all workers'),
  D_ID_TALKS_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Talks that D-ID works on at a time, over all workers'),
  D_ID_TIME_SCALE: z.coerce
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe(
      'Factor on all waits between requests to D-ID; below 1 only for an emulator whose time is scaled',
    ),
};
