import type { Config } from '../../config/config.ts';
import type { ProviderFinding } from '../../ports/provider.ts';

/** What one check found. A `note` stops nothing; a `fault` means that something does not work. `fix` is the command that fixes it. */
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

/** Checks one thing and changes nothing. */
export type Check = (machine: Machine) => Promise<Result[]>;

export const ok = (found: string): Result => ({ state: 'ok', found });
export const note = (found: string, fix?: string): Result => ({
  state: 'note',
  found,
  ...(fix && { fix }),
});
export const fault = (found: string, fix: string): Result => ({ state: 'fault', found, fix });

export function toSentence(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}
