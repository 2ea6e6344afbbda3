import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** What each env file held when it was read first. */
const atStart = new Map<string, Record<string, string | undefined>>();

/**
 * The process's environment over the variables of the env file, where there is one. Read again later, the file's new
 * values count: what the process has from its parent, and its parent from the file, is the file's.
 */
export function readEnvironment(envFile = '.env'): Record<string, string | undefined> {
  const file = readEnvFile(envFile);
  const first = atStart.get(envFile) ?? file;
  atStart.set(envFile, first);
  const own = Object.entries(process.env).filter(([name, value]) => first[name] !== value);
  return { ...file, ...Object.fromEntries(own) };
}

function readEnvFile(path: string): Record<string, string | undefined> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
}
