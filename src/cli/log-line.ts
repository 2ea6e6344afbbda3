import { type ErrorCode, isErrorCode } from '../contracts/error-codes.ts';

/** What a person wants to know of one line of a process's log: only warnings and worse. */
export interface Warning {
  level: 'warn' | 'error' | 'fatal';
  message: string;
  /** Of what the process ended with. */
  code?: ErrorCode;
}

const WARNINGS: ReadonlySet<unknown> = new Set<Warning['level']>(['warn', 'error', 'fatal']);

/** `undefined` for a line of no concern. What is not JSON comes from below us, such as a crash, and is shown as it is. */
export function toWarning(line: string): Warning | undefined {
  if (!line.startsWith('{')) {
    return line.trim() === '' ? undefined : { level: 'warn', message: line };
  }
  const { level, msg, message = msg, code } = parse(line);
  if (!WARNINGS.has(level)) {
    return undefined;
  }
  return {
    level: level as Warning['level'],
    message: String(message ?? line),
    ...(isErrorCode(code) && { code }),
  };
}

function parse(line: string): { level?: string; msg?: string; message?: string; code?: string } {
  try {
    return JSON.parse(line);
  } catch {
    return { level: 'warn', message: line };
  }
}
