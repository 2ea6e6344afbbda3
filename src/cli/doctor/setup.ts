import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Check, fault, ok } from './finding.ts';

const SETUP = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

/** Node, the npm packages and the page: the setup itself knows what it would do. */
export const checkSetup: Check = async ({ environment, signal }) => {
  // Temporal has a check of its own, which says more.
  const env = { ...environment, TEMPORAL_ADDRESS: 'looked at elsewhere' };
  const check = promisify(execFile)(process.execPath, [SETUP, '--check'], { env, signal });
  const missing = await check.then(
    () => [],
    (error: { stdout?: string }) => error.stdout?.trim().split('\n') ?? [],
  );
  signal.throwIfAborted();
  return missing.length > 0
    ? missing.map((found) => fault('setup', found, 'node scripts/setup.mjs'))
    : [ok('setup', `Node ${process.versions.node}, packages and page as this version wants them`)];
};
