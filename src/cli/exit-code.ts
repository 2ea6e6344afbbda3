import { CommanderError } from 'commander';
import { PipelineError } from '../errors.ts';

/** A contract with scripts, listed in `docs/cli.md`. Add codes, never renumber them. */
export const EXIT_CODES = {
  done: [0, 'done'],
  failed: [1, 'any other failure, or a check found a problem'],
  usage: [2, 'the command line, a setting or an input file must be changed'],
  unreachable: [3, 'no server responds, or it is not ready yet; try again later'],
  jobFailed: [4, 'a task ended without a video; the message says why'],
  notFound: [5, 'the task, file or model does not exist'],
  notAllowed: [6, 'the server requires an API key, or one with more rights'],
  stopped: [130, 'stopped by Ctrl-C; unfinished tasks are cancelled and undone'],
} as const satisfies Record<string, readonly [number, string]>;

/** An accepted job ended without a video. Code and message are those of the job. */
export class JobFailedError extends PipelineError {}

export function toExitCode(error: unknown): number {
  if (error instanceof CommanderError) {
    // Requested help succeeds; help in place of a missing subcommand is an error.
    return error.exitCode === 0 ? EXIT_CODES.done[0] : EXIT_CODES.usage[0];
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return EXIT_CODES.stopped[0];
  }
  if (error instanceof JobFailedError) {
    return EXIT_CODES.jobFailed[0];
  }
  return error instanceof PipelineError ? ofPipelineError(error) : EXIT_CODES.failed[0];
}

function ofPipelineError({ code, status }: PipelineError): number {
  if (code === 'API_UNREACHABLE' || code === 'TEMPORAL_UNAVAILABLE') {
    return EXIT_CODES.unreachable[0];
  }
  if (status === 404 || code === 'MODEL_MISSING') {
    return EXIT_CODES.notFound[0];
  }
  if (status === 401 || status === 403) {
    return EXIT_CODES.notAllowed[0];
  }
  return code === 'CONFIG_INVALID' || (status >= 400 && status < 500)
    ? EXIT_CODES.usage[0]
    : EXIT_CODES.failed[0];
}
