import type { Config } from '../../config/config.ts';

/** What a check found, in its wire form. */
export interface Finding {
  check: string;
  /** `note` is worth knowing and stops nothing; with a `fault` something does not work. */
  state: 'ok' | 'note' | 'fault';
  /** What is there, or what is not. */
  found: string;
  /** The one command that helps. */
  mend?: string;
}

export interface Machine {
  environment: Record<string, string | undefined>;
  /** Read from it, without what is not valid there. */
  config: Config;
  signal: AbortSignal;
}

/** Looks, and changes nothing. */
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
