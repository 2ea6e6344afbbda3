import process from 'node:process';
import { CommanderError } from 'commander';
import type { ErrorCode } from '../contracts/error-codes.ts';
import { PipelineError } from '../errors.ts';
import { toExitCode } from './exit-code.ts';
import { isJson, print, write } from './terminal/output.ts';
import { paint } from './terminal/paint.ts';

/** What helps with an error whose own words do not say it. */
const NEXT_STEPS: Partial<Record<ErrorCode, string>> = {
  API_UNREACHABLE: '`limelight doctor` says what is missing on this machine.',
  TEMPORAL_UNAVAILABLE: '`limelight doctor` says what is missing on this machine.',
  MODEL_MISSING: '`limelight models list` shows what there is.',
  CONFIG_INVALID: '.env.example lists every setting with its meaning.',
  TASK_NOT_FOUND: '`limelight tasks` shows the ones that there are.',
  INTERNAL: '`limelight doctor` checks this machine; the logs in the storage folder tell more.',
};
const UNFORESEEN =
  '`limelight doctor` checks this machine. If it finds nothing, this is a fault of Limelight.';

/**
 * One sentence and a next step on standard error, never a stack; with `--json` one object on standard output. Answers
 * with the exit code.
 *
 * @param command what was called, such as `limelight models pull`
 */
export function reportError(error: unknown, command: string): number {
  const exitCode = toExitCode(error);
  if (exitCode === 0 || (error instanceof Error && error.name === 'AbortError')) {
    return exitCode; // asked for: there is nothing to explain
  }
  const { code, message, next } = explain(error, command);
  if (isJson()) {
    print(JSON.stringify({ error: { code, message, next, exit_code: exitCode } }));
  } else if (message) {
    write(`${paint('bad', 'error:', process.stderr)} ${message}`);
    if (next) {
      write(paint('quiet', next, process.stderr));
    }
  }
  return exitCode;
}

interface Explanation {
  code: string;
  message: string;
  next?: string;
}

function explain(error: unknown, command: string): Explanation {
  if (error instanceof CommanderError) {
    // Help in place of a missing subcommand has been written already, on standard error.
    const helped = isJson() ? 'expected a command' : '';
    const message = error.code === 'commander.help' ? helped : error.message;
    return {
      code: 'USAGE',
      message: message.replace(/^error: /, '').replaceAll('\n', ' '),
      next: `\`${command} --help\` shows how.`,
    };
  }
  if (error instanceof PipelineError) {
    const next = NEXT_STEPS[error.code];
    return { code: error.code, message: error.message, ...(next && { next }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message: message.split('\n')[0]!, next: UNFORESEEN };
}
