import { readFileSync } from 'node:fs';
import type { ProviderDescriptor } from '../ports/provider.ts';

const SECRETS_OF_CORE = ['API_KEY', 'STORAGE_S3_SECRET_ACCESS_KEY', 'OTEL_EXPORTER_OTLP_HEADERS'];

/** Names of variables whose values no log line shows. Each may come from a file. */
export function listSecrets(providers: readonly ProviderDescriptor[]): string[] {
  const ofProviders = providers.flatMap((provider) =>
    provider.kind === 'remote' ? provider.settings.secrets : [],
  );
  return [...SECRETS_OF_CORE, ...ofProviders];
}

type Variables = Record<string, string | undefined>;

/**
 * If `NAME_FILE` is set instead of `NAME`, reads the value from that file. Secret managers of containers and systemd hand
 * secrets over like this, because every child process sees the environment. One line break at the end of the file is
 * ignored.
 */
export function readSecretFiles(
  given: Variables,
  secrets: readonly string[],
): { values: Variables; faults: string[] } {
  const values = { ...given };
  const faults: string[] = [];
  for (const name of secrets) {
    const path = given[`${name}_FILE`];
    if (path === undefined) {
      continue;
    }
    if (given[name] !== undefined) {
      faults.push(`${name}_FILE: ${name} is set too; remove one of them`);
      continue;
    }
    try {
      const secret = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
      if (secret === '') {
        faults.push(`${name}_FILE: the file is empty`);
      } else {
        values[name] = secret;
      }
    } catch (error) {
      faults.push(`${name}_FILE: the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  return { values, faults };
}
