/** The API, the HTTP ports of workers, and what clients may. */
import { z } from 'zod';
import { listOf, network, port, seconds } from './kinds.ts';

export const apiVariables = {
  API_HOST: z.string().default('127.0.0.1').describe('Address the API listens on'),
  API_PORT: port.default(55_433).describe('Port of the API'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Public address of this server, such as https://videos.example.org; with it, webhooks contain absolute URLs',
    ),
  API_SHUTDOWN_GRACE_S: seconds(20).describe('Seconds that requests in flight get to finish at shutdown'),
  WORKER_HTTP_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address at which workers answer for their health and metrics'),
  IO_HTTP_PORT: port.default(55_435).describe("Port of the io worker's health and metrics; 0 takes any"),
  GPU_HTTP_PORT: port
    .default(55_436)
    .describe(
      "Port of the GPU worker's health and metrics; `npm start` counts up from it with the devices; 0 takes any",
    ),
  API_WITHOUT_KEYS: z
    .enum(['refuse', 'let-anyone-in'])
    .default('refuse')
    .describe('What a server without API keys does on an address that others than this machine reach'),
  API_KEY: z.string().optional().describe('API key that the limelight command shows to a server'),
  API_URL: z
    .url()
    .optional()
    .describe('Server that the limelight command talks to; default: the API of this machine'),
  API_RATE_PER_S: z.coerce
    .number()
    .positive()
    .default(20)
    .describe('Requests a second of one API key, or of one address without a key'),
  API_RATE_BURST: z.coerce.number().int().min(1).default(200).describe('Requests that may come at once'),
  API_JOBS_IN_FLIGHT: z.coerce.number().int().min(1).default(100).describe('Tasks in flight of one API key'),
  API_MB_IN_FLIGHT: z.coerce
    .number()
    .positive()
    .default(2000)
    .describe('Megabytes of uploads, of tasks in flight of one API key'),
  API_CORS_ORIGINS: listOf(
    z.union([z.literal('*'), z.string().regex(/^https?:\/\/[^/?#]+$/, 'expected origins')]),
  ).describe('Origins whose pages may use this API, such as https://example.org, with commas between'),
  API_TRUSTED_PROXIES: listOf(network).describe(
    'Networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8, with commas between',
  ),
  PRIVATE_NETWORKS: listOf(network).describe(
    'Private networks that URLs of clients may lead to, such as 10.1.2.0/24, with commas between; plain http is allowed there',
  ),
};
