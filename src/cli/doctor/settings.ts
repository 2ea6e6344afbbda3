import { type Config, loadConfig } from '../../config/config.ts';
import { Environment } from '../../config/environment.ts';
import { type Finding, fault, ok } from './finding.ts';

/** What of the settings is not valid, and the configuration without it, so that the other checks can look further. */
export function checkSettings(environment: Record<string, string | undefined>): {
  findings: Finding[];
  config: Config;
} {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const { error } = Environment.safeParse(given);
  const faults = (error?.issues ?? []).map(({ path, message }) => ({ name: path.join('.'), message }));
  const faulty = new Set(faults.map(({ name }) => name));
  const config = loadConfig(Object.fromEntries(Object.entries(given).filter(([name]) => !faulty.has(name))));
  if (faults.length === 0) {
    return { findings: [ok('settings', 'every variable is valid')], config };
  }
  return {
    findings: faults.map(({ name, message }) =>
      fault('settings', `${name} is not valid: ${message}`, `grep -B1 '^#${name}=' .env.example`),
    ),
    config,
  };
}
