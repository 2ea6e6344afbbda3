import type { Config } from '../../config/config.ts';
import type { ProviderFinding } from '../../ports/provider.ts';

/**
 * What one check found. A `note` is worth knowing and stops nothing; a `fault` means that something fails. `mend` is the one
 * command that helps.
 */
export type Result = ProviderFinding;

/** A result with the name of its check, as `--json` prints it. */
export interface Finding extends Result {
  check: string;
}

export interface Machine {
  environment: Record<string, string | undefined>;
  /** Read from `environment`, without the variables that are not valid. */
  config: Config;
  signal: AbortSignal;
}

/** Looks at one thing and changes nothing. */
export type Check = (machine: Machine) => Promise<Result[]>;

export const ok = (found: string): Result => ({ state: 'ok', found });
export const note = (found: string, mend?: string): Result => ({
  state: 'note',
  found,
  ...(mend && { mend }),
});
export const fault = (found: string, mend: string): Result => ({ state: 'fault', found, mend });

export function toSentence(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}
