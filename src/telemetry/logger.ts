import { type DestinationStream, type Logger, pino } from 'pino';
import { currentLogFields } from './log-context.ts';
import { createRedactor } from './redact.ts';

export type { Logger } from 'pino';

/** Fields whose values never reach a log line, down to `request.headers.authorization`. */
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
 * One JSON line an event. `part` names the process or the module that speaks. Whatever is logged in the course of a
 * request or an activity carries its task's id; none of `secrets` is ever in a line.
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
      // What the line itself says of its task counts.
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
