import type { Config } from '../../config/config.ts';

/** One result of a check, as `--json` prints it. */
export interface Finding {
  check: string;
  /** A `note` is worth knowing and stops nothing; a `fault` means that something fails. */
  state: 'ok' | 'note' | 'fault';
  found: string;
  /** The one command that helps. */
  mend?: string;
}

export interface Machine {
  environment: Record<string, string | undefined>;
  /** Read from `environment`, without the variables that are not valid. */
  config: Config;
  signal: AbortSignal;
}

/** Looks at one thing and changes nothing. */
export type Check = (machine: Machine) => Promise<Finding[]>;

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });
export const note = (check: string, found: string, mend?: string): Finding => ({
  check,
  state: 'note',
  found,
  ...(mend && { mend }),
});
export const fault = (check: string, found: string, mend: string): Finding => ({
  check,
  state: 'fault',
  found,
  mend,
});

export function toSentence(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}
