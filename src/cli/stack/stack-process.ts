import type { WriteStream } from 'node:fs';
import { ERROR_CODES } from '../../contracts/error-codes.ts';
import { PipelineError } from '../../errors.ts';
import { type Notice, toNotice } from './log-line.ts';
import { type SupervisedProcess, supervise } from './supervisor.ts';

/** A process that dies this often in its first seconds will not run without somebody's help. */
const FIRST_DEATHS = 4;
const FIRST_MS = 30_000;

export interface StackProcessOptions {
  name: string;
  script: URL;
  /** Asked for at each start of it. */
  environment(): Record<string, string | undefined>;
  /** Gets every line that the process prints. */
  log: WriteStream;
  /** Something a person should know. */
  onWarning(message: string): void;
  /** The process cannot run, for a reason that no restart heals. */
  onRefusal(error: PipelineError): void;
}

/** One supervised process of the stack: its lines go to its log, and what concerns a person to that person. */
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
      // Nothing kills itself like that: it was somebody, and it may run well.
      if (signal !== 'SIGKILL') deaths += 1;
      if (code && !ERROR_CODES[code].retryable) {
        onRefusal(new PipelineError(code, message));
      } else if (deaths === FIRST_DEATHS && Date.now() - startedAt < FIRST_MS) {
        onRefusal(
          new PipelineError('INTERNAL', `The ${name} process does not start: ${message} (${log.path})`),
        );
      } else {
        onWarning(`${name}: ${message}; starting again in ${restartInMs / 1000} s`);
      }
    },
  });
}
