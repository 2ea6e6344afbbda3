import { CommanderError } from 'commander';
import { PipelineError } from '../errors.ts';

/** What scripts can tell apart. `docs/cli.md` lists them; add, never renumber. */
export const EXIT_CODES = {
  done: [0, 'done'],
  failed: [1, 'it did not work for a reason that is none of those below, or a check found something amiss'],
  usage: [2, 'the command line, a setting or a given file has to be changed'],
  unreachable: [3, 'no server answers, or it is not ready: the same again may work later'],
  jobFailed: [4, 'a job ended without a video; the message says why'],
  notFound: [5, 'there is no such task, file or model'],
  notAllowed: [6, 'the server wants a key, or another one'],
  stopped: [130, 'stopped by Ctrl-C; a job that was being made is cancelled and undone'],
} as const satisfies Record<string, readonly [number, string]>;

/** A job that was accepted and ended without a video. `code` and message are the job's own. */
export class JobFailedError extends PipelineError {}

export function toExitCode(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help that was asked for is no fault; help in place of a missing subcommand is.
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
