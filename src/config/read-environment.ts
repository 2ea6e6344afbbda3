import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { PipelineError } from '../errors.ts';

/** The first content of each env file. */
const atStart = new Map<string, Record<string, string | undefined>>();

/**
 * The environment of the process over the variables of the env file: `ENV_FILE`, or `.env` if it exists. When the file is
 * read again, its new values win over values that the process inherited from a parent which had read the file.
 * @throws PipelineError CONFIG_INVALID if the file cannot be read.
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
  // The default file is optional.
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
