import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Config } from '../../config/config.ts';
import { isFailure } from '../../errors.ts';
import { Environment, loadConfig } from '../../process/load-config.ts';
import { PROVIDERS } from '../../providers/registry.ts';
import { checkAccess } from './access.ts';
import { type Check, type Finding, fault, type Machine, ok, type Result, toSentence } from './finding.ts';
import { checkGpu } from './gpu.ts';
import { checkModels } from './models.ts';
import { checkPorts } from './ports.ts';
import { checkSlots } from './slots.ts';
import { checkBucket, checkDisk } from './storage.ts';
import { checkTemporal } from './temporal.ts';

const CHECKS: ReadonlyArray<[name: string, check: Check]> = [
  ['setup', checkSetup],
  ['temporal', checkTemporal],
  ['models', checkModels],
  ['gpu', checkGpu],
  ['slots', checkSlots],
  ['disk', checkDisk],
  ['bucket', checkBucket],
  ['ports', checkPorts],
  ['access', checkAccess],
  ...PROVIDERS.filter((provider) => provider.kind === 'remote').map((provider): [string, Check] => [
    provider.name,
    async ({ config }) => [await provider.examine(config.providers[provider.name])],
  ]),
];

/** Runs all checks at once and lists their findings in the order of the report. A check that throws is a fault. */
export async function examine(
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const settings = checkSettings(environment);
  const machine = { environment, config: settings.config, signal };
  const checked = await Promise.all(
    CHECKS.map(async ([check, look]): Promise<Finding[]> => {
      const results = await look(machine).catch((error: unknown) => {
        signal.throwIfAborted();
        return [fault(toSentence(error), 'npx limelight doctor --json')];
      });
      return results.map((result) => ({ check, ...result }));
    }),
  );
  return [...settings.results.map((result) => ({ check: 'settings', ...result })), ...checked.flat()];
}

/** Reports each variable that is not valid, and reads the configuration without them for the other checks. */
function checkSettings(environment: Record<string, string | undefined>): {
  results: Result[];
  config: Config;
} {
  const results: Result[] = [];
  const left = { ...environment };
  for (;;) {
    try {
      const config = loadConfig(left);
      return { results: results.length > 0 ? results : [ok('every variable is valid')], config };
    } catch (error) {
      const faults = isFailure(error, 'CONFIG_INVALID') ? Object.entries(error.details ?? {}) : [];
      // A variable that is not set cannot be left out.
      if (!faults.some(([name]) => left[name])) {
        throw error;
      }
      for (const [name, reason] of faults) {
        const listed = name in Environment.shape ? name : name.replace(/_FILE$/, '');
        results.push(fault(`${name} is not valid: ${reason}`, `grep -B1 '^#${listed}=' .env.example`));
        delete left[name];
      }
    }
  }
}

const SETUP = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

/** Node, the npm packages and the page, by asking the setup script what it would do. */
async function checkSetup({ environment, signal }: Machine): Promise<Result[]> {
  // With an address the setup skips the Temporal CLI, which has a check of its own.
  const env = { ...environment, TEMPORAL_ADDRESS: 'checked elsewhere' };
  const check = promisify(execFile)(process.execPath, [SETUP, '--check'], { env, signal });
  const missing = await check.then(
    () => [],
    (error: { stdout?: string }) => error.stdout?.trim().split('\n') ?? [],
  );
  signal.throwIfAborted();
  return missing.length > 0
    ? missing.map((found) => fault(found, 'node scripts/setup.mjs'))
    : [ok(`Node ${process.versions.node}; npm packages and page are up to date`)];
}
