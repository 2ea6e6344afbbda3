import { readFileSync } from 'node:fs';
import type { ProviderDescriptor } from '../ports/provider.ts';

const SECRETS_OF_CORE = [
  'API_KEY',
  'STORAGE_S3_SECRET_ACCESS_KEY',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_PAYLOAD_KEYS',
  'OTEL_EXPORTER_OTLP_HEADERS',
];

/** Names of variables whose values no log line shows. Each may come from a file. */
export function listSecrets(providers: readonly ProviderDescriptor[]): string[] {
  const ofProviders = providers.flatMap((provider) =>
    provider.kind === 'remote' ? provider.settings.secrets : [],
  );
  return [...SECRETS_OF_CORE, ...ofProviders];
}

type Variables = Record<string, string | undefined>;

/** What is wrong with one variable. */
export interface ConfigFault {
  name: string;
  message: string;
}

/**
 * If `NAME_FILE` is set instead of `NAME`, reads the value from that file. Secret managers of containers and systemd hand
 * secrets over like this, because every child process sees the environment. One line break at the end of the file is
 * ignored.
 */
export function readSecretFiles(
  given: Variables,
  secrets: readonly string[],
): { values: Variables; faults: ConfigFault[] } {
  const values = { ...given };
  const faults: ConfigFault[] = [];
  for (const name of secrets) {
    const path = given[`${name}_FILE`];
    if (path === undefined) {
      continue;
    }
    if (given[name] !== undefined) {
      faults.push({ name: `${name}_FILE`, message: `${name} is set too; remove one of them` });
      continue;
    }
    try {
      const secret = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
      if (secret === '') {
        faults.push({ name: `${name}_FILE`, message: 'the file is empty' });
      } else {
        values[name] = secret;
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      faults.push({ name: `${name}_FILE`, message: `the file cannot be read (${code})` });
    }
  }
  return { values, faults };
}
