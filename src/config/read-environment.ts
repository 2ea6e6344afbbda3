import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { PipelineError } from '../errors.ts';

/** What each env file held when it was read first. */
const atStart = new Map<string, Record<string, string | undefined>>();

/**
 * The process's environment over the variables of the env file: the one that ENV_FILE names, else `.env` where there is
 * one. Read again later, the file's new values count: what the process has from its parent, and its parent from the
 * file, is the file's.
 * @throws PipelineError CONFIG_INVALID where the file cannot be read.
 */
export function readEnvironment(
  envFile = process.env.ENV_FILE || '.env',
): Record<string, string | undefined> {
  const file = readEnvFile(envFile);
  const first = atStart.get(envFile) ?? file;
  atStart.set(envFile, first);
  const own = Object.entries(process.env).filter(([name, value]) => first[name] !== value);
  return { ...file, ...Object.fromEntries(own) };
}

function readEnvFile(path: string): Record<string, string | undefined> {
  // Nobody has to have the file that nobody named.
  if (path === '.env' && !existsSync(path)) {
    return {};
  }
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PipelineError('CONFIG_INVALID', `The env file ${path} cannot be read (${code}).`);
  }
}
