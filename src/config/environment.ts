import { z } from 'zod';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { apiVariables } from './api-variables.ts';
import { inferenceVariables } from './inference-variables.ts';
import { count, flag, seconds } from './kinds.ts';
import { storageVariables } from './storage-variables.ts';
import { temporalVariables } from './temporal-variables.ts';

const variables = {
  ENV_FILE: z
    .string()
    .optional()
    .describe('The env file, read at startup and at SIGHUP; default: .env in the working folder'),
  ...apiVariables,
  ...storageVariables,
  ...inferenceVariables,
  ...temporalVariables,
  JOB_RETRY_WINDOW_S: z.coerce
    .number()
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .describe(
      'Seconds to keep the files of a task that failed for a temporary reason, so that it can be retried; 0 deletes them at once',
    ),
  MEDIA_SLOTS: count(1).describe(
    'Decoder processes of an io worker; with 1, tasks stay strictly in order of submission',
  ),
  MEDIA_TIMEOUT_S: seconds(60).describe('Seconds that decoding may take; then its process is replaced'),
  RENDER_SLOTS: count(1).describe('Renderer processes of an io worker'),
  RENDER_LONG_SIDE_PX: z.coerce
    .number()
    .int()
    .min(512)
    .max(1080)
    .default(720)
    .describe(
      "Pixels on the long side of the built-in renderer's videos, 512 to 1080, for tasks that choose none; small photos get fewer",
    ),
  RENDER_AI_MARK: flag(true).describe(
    'Whether videos of the built-in renderer show a small "AI-generated" in the corner',
  ),
  RENDER_PROVENANCE: flag(true).describe(
    'Whether XMP metadata in the videos states that they are AI-generated',
  ),
  RENDER_TIMEOUT_S: seconds(1800).describe(
    'Seconds that one rendering may take; then its process is replaced',
  ),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Minimum level to log'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe(
      'Receiver of traces, such as http://localhost:4318 (OTLP over HTTP); without it there are none',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .optional()
    .describe('Headers for the receiver, as `name=value,name=value`'),
  OTEL_SERVICE_NAME: z.string().default('limelight').describe('Service name of the traces'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of tasks to trace, 0 to 1'),
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
