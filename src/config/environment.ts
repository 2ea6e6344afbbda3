import { z } from 'zod';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { apiVariables } from './api-variables.ts';
import { inferenceVariables } from './inference-variables.ts';
import { count, flag, port, seconds } from './kinds.ts';
import { storageVariables } from './storage-variables.ts';

const variables = {
  ENV_FILE: z
    .string()
    .optional()
    .describe('The env file that is read at the start and at SIGHUP; default: .env in the working folder'),
  ...apiVariables,
  ...storageVariables,
  ...inferenceVariables,
  TEMPORAL_ADDRESS: z
    .string()
    .optional()
    .describe('host:port of a Temporal cluster; without it an embedded server is started'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace'),
  TEMPORAL_PORT: port.default(7233).describe('Port of the embedded Temporal server'),
  TEMPORAL_UI_PORT: port.default(8233).describe("Port of the embedded server's Web UI"),
  TEMPORAL_UI_URL: z
    .url()
    .optional()
    .describe("Address of Temporal's Web UI for the page's links; default: the embedded server's"),
  JOB_RETRY_WINDOW_S: z.coerce
    .number()
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .describe(
      'Seconds that photo, voice and what was made of them are kept of a job that failed for a reason that may pass, so that it can be retried; 0 undoes it at once',
    ),
  MEDIA_SLOTS: count(1).describe(
    'Decoder processes of an io worker; 1 keeps jobs strictly in order of submission',
  ),
  MEDIA_TIMEOUT_S: seconds(60).describe('Decoding that takes longer has its process replaced'),
  RENDER_SLOTS: count(1).describe('Renderer processes of an io worker'),
  RENDER_LONG_SIDE_PX: z.coerce
    .number()
    .int()
    .min(512)
    .max(1080)
    .default(720)
    .describe(
      "Most pixels on the long side of the built-in renderer's videos, 512 to 1080; a small photo gets fewer",
    ),
  RENDER_AI_MARK: flag(true).describe(
    'Whether videos of the built-in renderer show a small "AI-generated" in their corner',
  ),
  RENDER_PROVENANCE: flag(true).describe('Whether their files say in XMP metadata that a machine made them'),
  RENDER_TIMEOUT_S: seconds(1800).describe('A rendering that takes longer has its process replaced'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least level logged'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe('Where traces go, such as http://localhost:4318 (OTLP over HTTP); without it none are made'),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional().describe('Headers for it, as `name=value,name=value`'),
  OTEL_SERVICE_NAME: z.string().default('limelight').describe('The name that traces are found by'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('The share of tasks that are traced, 0 to 1'),
};

/** Typed without the variables of providers, which the providers read themselves. */
const Core = z.object(variables);

/** The variables of the core and of these providers. */
export function createEnvironment(providers: readonly ProviderDescriptor[]): typeof Core {
  const ofProviders = providers.map((provider) =>
    provider.kind === 'remote' ? provider.settings.variables : {},
  );
  return z.object({ ...variables, ...(Object.assign({}, ...ofProviders) as object) }) as typeof Core;
}
