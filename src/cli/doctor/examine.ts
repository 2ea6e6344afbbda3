import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Config } from '../../config/config.ts';
import type { RemoteProviderDescriptor } from '../../ports/provider.ts';
import { Environment, loadConfig } from '../../process/load-config.ts';
import { PROVIDERS } from '../../providers/registry.ts';
import { checkAccess } from './access.ts';
import { type Check, type Finding, fault, ok, toSentence } from './finding.ts';
import { checkGpu } from './gpu.ts';
import { checkModels } from './models.ts';
import { checkPorts } from './ports.ts';
import { checkStorage } from './storage.ts';
import { checkTemporal } from './temporal.ts';

const CHECKS: ReadonlyArray<[name: string, check: Check]> = [
  ['setup', checkSetup],
  ['temporal', checkTemporal],
  ['models', checkModels],
  ['gpu', checkGpu],
  ['disk', checkStorage],
  ['ports', checkPorts],
  ['access', checkAccess],
  ...PROVIDERS.flatMap((provider) =>
    provider.kind === 'remote' ? [[provider.name, checkProvider(provider)] as [string, Check]] : [],
  ),
];

/** Runs all checks at once and lists their findings in the order of the report. A check that throws is a fault. */
export async function examine(
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { findings, config } = checkSettings(environment);
  const checked = await Promise.all(
    CHECKS.map(([name, check]) =>
      check({ environment, config, signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        return [fault(name, toSentence(error), 'limelight doctor --json')];
      }),
    ),
  );
  return [...findings, ...checked.flat()];
}

/** Reports each variable that is not valid, and reads the configuration without them for the other checks. */
function checkSettings(environment: Record<string, string | undefined>): {
  findings: Finding[];
  config: Config;
} {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const { error } = Environment.safeParse(given);
  const faults = (error?.issues ?? []).map(({ path, message }) => ({ name: path.join('.'), message }));
  const faulty = new Set(faults.map(({ name }) => name));
  const config = loadConfig(Object.fromEntries(Object.entries(given).filter(([name]) => !faulty.has(name))));
  const findings = faults.map(({ name, message }) =>
    fault('settings', `${name} is not valid: ${message}`, `grep -B1 '^#${name}=' .env.example`),
  );
  return { findings: findings.length > 0 ? findings : [ok('settings', 'every variable is valid')], config };
}

const SETUP = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

/** Node, the npm packages and the page, by asking the setup script what it would do. */
async function checkSetup({ environment, signal }: Parameters<Check>[0]): Promise<Finding[]> {
  // With an address the setup skips the Temporal CLI, which has a check of its own.
  const env = { ...environment, TEMPORAL_ADDRESS: 'checked elsewhere' };
  const check = promisify(execFile)(process.execPath, [SETUP, '--check'], { env, signal });
  const missing = await check.then(
    () => [],
    (error: { stdout?: string }) => error.stdout?.trim().split('\n') ?? [],
  );
  signal.throwIfAborted();
  return missing.length > 0
    ? missing.map((found) => fault('setup', found, 'node scripts/setup.mjs'))
    : [ok('setup', `Node ${process.versions.node}; npm packages and page are up to date`)];
}

function checkProvider(provider: RemoteProviderDescriptor): Check {
  return async ({ config }) => {
    const found = await provider.examine(config.providers[provider.name]);
    return [{ check: provider.name, ...found }];
  };
}
