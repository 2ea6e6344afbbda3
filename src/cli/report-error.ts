import process from 'node:process';
import { CommanderError } from 'commander';
import type { ErrorCode } from '../contracts/error-codes.ts';
import { PipelineError } from '../errors.ts';
import { toExitCode } from './exit-code.ts';
import { isJson, print, write } from './terminal/output.ts';
import { paint } from './terminal/paint.ts';

/** The next step for errors whose message does not name one. */
const NEXT_STEPS: Partial<Record<ErrorCode, string>> = {
  API_UNREACHABLE: 'Run `npx limelight doctor` to check this machine.',
  TEMPORAL_UNAVAILABLE: 'Run `npx limelight doctor` to check this machine.',
  MODEL_MISSING: '`npx limelight models list` shows the available models.',
  CONFIG_INVALID: '.env.example describes every setting.',
  PERSON_NOT_FOUND: 'For another try with the same photo, lower the minimum: --confidence 0.25.',
  TASK_NOT_FOUND: '`npx limelight tasks` lists the tasks.',
  INTERNAL: 'Run `npx limelight doctor` to check this machine, and see the logs in the storage folder.',
};
const UNEXPECTED =
  'Run `npx limelight doctor` to check this machine. If it finds no problem, this is a bug in Limelight.';

/**
 * Prints one sentence and a next step on standard error, never a stack trace. With `--json` prints one object on standard
 * output.
 *
 * @param command such as `limelight models pull`
 * @returns the exit code
 */
export function reportError(error: unknown, command: string): number {
  const exitCode = toExitCode(error);
  if (exitCode === 0 || (error instanceof Error && error.name === 'AbortError')) {
    return exitCode; // requested by the user: nothing to explain
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
    // For a missing subcommand commander has already printed the help on standard error.
    const afterHelp = isJson() ? 'expected a command' : '';
    const message = error.code === 'commander.help' ? afterHelp : error.message;
    return {
      code: 'USAGE',
      message: message.replace(/^error: /, '').replaceAll('\n', ' '),
      next: `See \`${command} --help\`.`,
    };
  }
  if (error instanceof PipelineError) {
    const next = NEXT_STEPS[error.code];
    return { code: error.code, message: error.message, ...(next && { next }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message: message.split('\n')[0]!, next: UNEXPECTED };
}
