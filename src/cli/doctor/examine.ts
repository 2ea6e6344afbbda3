import { checkAccess } from './access.ts';
import { checkDId } from './d-id.ts';
import { type Check, type Finding, fault, toSentence } from './finding.ts';
import { checkGpu } from './gpu.ts';
import { checkModels } from './models.ts';
import { checkPorts } from './ports.ts';
import { checkSettings } from './settings.ts';
import { checkSetup } from './setup.ts';
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
  ['d-id', checkDId],
];

/** All checks side by side, in the order of the report. One that cannot even look is a fault of its own. */
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
