import { type DestinationStream, type Logger, pino } from 'pino';
import { currentLogFields } from './log-context.ts';
import { createRedactor } from './redact.ts';

export type { Logger } from 'pino';

/** Fields whose values never reach a log line, at most three levels deep, such as `request.headers.authorization`. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'apiKey',
  'api_key',
  'secret',
  'password',
  'token',
  'signature',
];

/**
 * Logs one JSON line per event. `part` is the process or module that logs. Lines written during a request or an activity
 * have its task's id. No line contains any of `secrets`.
 */
export function createLogger(
  part: string,
  options: {
    level: string;
    secrets?: readonly string[];
    /** Beginnings of paths whose rest is a secret. */
    secretPaths?: readonly string[];
    destination?: DestinationStream;
  },
): Logger {
  const redact = createRedactor(options.secrets ?? [], options.secretPaths);
  return pino(
    {
      level: options.level,
      base: { part, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: currentLogFields,
      // The line's own fields win.
      mixinMergeStrategy: (line, fields) => ({ ...fields, ...line }),
      hooks: { streamWrite: redact },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
