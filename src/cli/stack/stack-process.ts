import type { WriteStream } from 'node:fs';
import { ERROR_CODES } from '../../contracts/error-codes.ts';
import { PipelineError } from '../../errors.ts';
import { type Notice, toNotice } from './log-line.ts';
import { type SupervisedProcess, supervise } from './supervisor.ts';

/** A process that dies this often within its first seconds needs help. */
const MAX_EARLY_DEATHS = 4;
const EARLY_MS = 30_000;

export interface StackProcessOptions {
  name: string;
  script: URL;
  /** Called at each start. */
  environment(): Record<string, string | undefined>;
  /** Receives every line that the process prints. */
  log: WriteStream;
  /** A message for the user. */
  onWarning(message: string): void;
  /** The process cannot run, and a restart would not help. */
  onRefusal(error: PipelineError): void;
}

/** Starts a supervised process of the stack. Logs its output and passes warnings on. */
export function startStackProcess(options: StackProcessOptions): SupervisedProcess {
  const { name, script, environment, log, onWarning, onRefusal } = options;
  const startedAt = Date.now();
  let deaths = 0;
  let fatal: Notice | undefined;
  return supervise({
    script,
    env: environment,
    onLine(line) {
      log.write(`${line}\n`);
      const notice = toNotice(line);
      if (notice?.level === 'fatal') {
        fatal = notice;
      } else if (notice) {
        onWarning(`${name}: ${notice.message}`);
      }
    },
    onDeath({ exitCode, signal, restartInMs }) {
      const { code, message = `ended with ${signal ?? `exit code ${exitCode}`}` } = fatal ?? {};
      fatal = undefined;
      // SIGKILL comes from outside, so the process itself may be fine.
      if (signal !== 'SIGKILL') deaths += 1;
      if (code && !ERROR_CODES[code].retryable) {
        onRefusal(new PipelineError(code, message));
      } else if (deaths === MAX_EARLY_DEATHS && Date.now() - startedAt < EARLY_MS) {
        onRefusal(
          new PipelineError('INTERNAL', `The ${name} process does not start: ${message} (${log.path})`),
        );
      } else {
        onWarning(`${name}: ${message}; starting again in ${restartInMs / 1000} s`);
      }
    },
  });
}
