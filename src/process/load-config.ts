import { type Config, parseConfig } from '../config/config.ts';
import { createEnvironment } from '../config/environment.ts';
import { listSecrets } from '../config/secret-files.ts';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { PROVIDERS } from '../providers/registry.ts';

/** Every variable that Limelight reads, those of all providers included. `.env.example` is made from it. */
export const Environment = createEnvironment(PROVIDERS);

/** Variables whose values no log line shows. Each may come from a file. */
export const SECRETS: readonly string[] = listSecrets(PROVIDERS);

/** @throws PipelineError CONFIG_INVALID naming every bad variable at once. */
export function loadConfig(
  env: Record<string, string | undefined>,
  providers: readonly ProviderDescriptor[] = PROVIDERS,
): Config {
  return parseConfig(env, providers);
}
