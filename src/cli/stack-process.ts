import type { WriteStream } from 'node:fs';
import { ERROR_CODES } from '../contracts/error-codes.ts';
import { PipelineError } from '../errors.ts';
import { toWarning, type Warning } from './log-line.ts';
import { type SupervisedProcess, supervise } from './supervisor.ts';

export interface StackProcessOptions {
  name: string;
  script: URL;
  environment: Record<string, string | undefined>;
  /** Gets every line that the process prints. */
  log: WriteStream;
  /** Something a person should know. */
  onWarning(message: string): void;
  /** The process says that it cannot run, for a reason that no restart heals. */
  onRefusal(error: PipelineError): void;
}

/** One supervised process of the stack, whose log lines are told from each other. */
export function startStackProcess(options: StackProcessOptions): SupervisedProcess {
  const { name, script, environment, log, onWarning, onRefusal } = options;
  let fatal: Warning | undefined;
  return supervise({
    script,
    env: environment,
    onLine(line) {
      log.write(`${line}\n`);
      const warning = toWarning(line);
      if (warning?.level === 'fatal') {
        fatal = warning;
      } else if (warning) {
        onWarning(`${name}: ${warning.message}`);
      }
    },
    onDeath({ exitCode, signal, restartInMs }) {
      const { code, message = `ended with ${signal ?? `exit code ${exitCode}`}` } = fatal ?? {};
      fatal = undefined;
      if (code && !ERROR_CODES[code].retryable) {
        onRefusal(new PipelineError(code, message));
      } else {
        onWarning(`${name}: ${message}; starting again in ${restartInMs / 1000} s`);
      }
    },
  });
}
