/** The API, the HTTP ports of workers, and limits for clients. */
import { z } from 'zod';
import { flag, listOf, network, port, seconds } from './kinds.ts';

export const apiVariables = {
  API_HOST: z.string().default('127.0.0.1').describe('Address that the API listens on'),
  API_PORT: port.default(55_433).describe('Port of the API'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Public address of this server, such as https://videos.example.org; with it, webhooks and links to share contain absolute URLs',
    ),
  API_SHUTDOWN_GRACE_S: seconds(20).describe('Seconds for requests in flight to finish at shutdown'),
  WORKER_HTTP_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address at which workers serve health and metrics'),
  IO_HTTP_PORT: port
    .default(55_435)
    .describe("Port of the io worker's health and metrics; 0 for any free port"),
  GPU_HTTP_PORT: port
    .default(55_436)
    .describe(
      "Port of the GPU worker's health and metrics, counting up for further devices; 0 for any free port",
    ),
  API_WITHOUT_KEYS: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('Anonymous access at an address that other machines can reach, if the server has no API keys'),
  API_REQUIRE_CONSENT: flag(false).describe(
    'Whether a submission is refused unless it declares that the people in its files have agreed (field `consent`)',
  ),
  API_KEY: z.string().optional().describe('API key that the limelight command sends'),
  API_URL: z.url().optional().describe('Server for the limelight command; default: the API of this machine'),
  API_RATE_PER_S: z.coerce
    .number()
    .positive()
    .default(20)
    .describe('Requests per second for each API key, or for each address without a key'),
  API_RATE_BURST: z.coerce.number().int().min(1).default(200).describe('Requests that may arrive at once'),
  API_JOBS_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('Maximum tasks in flight for each API key'),
  API_MB_IN_FLIGHT: z.coerce
    .number()
    .positive()
    .default(2000)
    .describe('Maximum megabytes of uploads of tasks in flight, for each API key'),
  API_UPLOADS: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .describe('Maximum uploads at once for each API key'),
  API_STREAMS: z.coerce
    .number()
    .int()
    .min(1)
    .default(500)
    .describe(
      'Maximum open event streams, WebSockets and downloads for each API key, and as many for the links that it signed',
    ),
  API_WAITERS: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('Maximum requests with wait= that are waiting, for each API key'),
  API_CORS_ORIGINS: listOf(
    z.union([z.literal('*'), z.string().regex(/^https?:\/\/[^/?#]+$/, 'expected origins')]),
  ).describe('Origins whose pages may use this API, such as https://example.org, separated by commas'),
  API_TRUSTED_PROXIES: listOf(network).describe(
    'Networks of proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8, separated by commas',
  ),
  PRIVATE_NETWORKS: listOf(network).describe(
    'Private networks that URLs of clients may point to, such as 10.1.2.0/24, separated by commas; plain http is allowed there',
  ),
};
