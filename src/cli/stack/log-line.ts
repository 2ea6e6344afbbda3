import { type ErrorCode, isErrorCode } from '../../contracts/error-codes.ts';

/** A log line that users should see. */
export interface Notice {
  /** `fatal`: the process ends because of it. */
  level: 'warn' | 'error' | 'fatal';
  message: string;
  code?: ErrorCode;
}

const LEVELS: ReadonlySet<unknown> = new Set<Notice['level']>(['warn', 'error', 'fatal']);

/** First line of a crash report of Node or a library. The stack after it stays in the log. */
const CRASH = /^(Uncaught )?\w*Error\b.*: |^FATAL ERROR: /;

/** `undefined` for a line that users need not see. */
export function toNotice(line: string): Notice | undefined {
  if (CRASH.test(line)) {
    return { level: 'fatal', message: line };
  }
  const { level, msg, code, sdkComponent } = parse(line);
  // Warnings of Temporal's SDK, such as a failed workflow, reach users in other ways.
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
