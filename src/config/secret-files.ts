import { readFileSync } from 'node:fs';

/** Variables whose values are for nobody's eyes: no log line shows them, and each may come from a file. */
export const SECRETS = [
  'API_KEY',
  'STORAGE_S3_SECRET_ACCESS_KEY',
  'D_ID_API_KEY',
  'D_ID_WEBHOOK_SECRET',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const;

type Variables = Record<string, string | undefined>;

/**
 * Where `NAME_FILE` is set in place of `NAME`, its value is what that file holds, as secret managers of containers and
 * systemd hand secrets over: a value in the environment is seen by every child process. One line break at the end of the
 * file does not belong to the secret.
 */
export function readSecretFiles(given: Variables): { values: Variables; faults: string[] } {
  const values = { ...given };
  const faults: string[] = [];
  for (const name of SECRETS) {
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
