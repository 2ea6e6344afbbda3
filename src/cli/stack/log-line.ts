import { type ErrorCode, isErrorCode } from '../../contracts/error-codes.ts';

/** What a person wants to know of one line of a process's log. */
export interface Notice {
  /** `fatal` is what the process ends with. */
  level: 'warn' | 'error' | 'fatal';
  message: string;
  code?: ErrorCode;
}

const LEVELS: ReadonlySet<unknown> = new Set<Notice['level']>(['warn', 'error', 'fatal']);

/** How Node and most libraries begin the report of a crash; the stack after it stays in the log. */
const CRASH = /^(Uncaught )?\w*Error\b.*: |^FATAL ERROR: /;

/** `undefined` for a line of no concern. */
export function toNotice(line: string): Notice | undefined {
  if (CRASH.test(line)) {
    return { level: 'fatal', message: line };
  }
  const { level, msg, code, sdkComponent } = parse(line);
  // What Temporal's SDK warns of, such as a workflow that failed, is told to whom it concerns in other ways.
  if (!LEVELS.has(level) || (level === 'warn' && sdkComponent)) {
    return undefined;
  }
  return { level: level as Notice['level'], message: msg ?? line, ...(isErrorCode(code) && { code }) };
}

interface LogLine {
  level?: string;
  msg?: string;
  code?: string;
  sdkComponent?: string;
}

function parse(line: string): LogLine {
  try {
    return line.startsWith('{') ? JSON.parse(line) : {};
  } catch {
    return {};
  }
}
