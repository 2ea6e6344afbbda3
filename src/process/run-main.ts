import { PipelineError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { keepFilesPrivate } from './private-files.ts';

/** After a failure, open timers and connections keep the process alive at most this long. */
const EXIT_TIMEOUT_MS = 2_000;

/**
 * Runs the main function of an entry point. The first SIGINT or SIGTERM aborts its signal; the second ends the process at
 * once. A failure becomes one log line and exit code 1. Files that it creates are private.
 */
export async function runMain(logger: Logger, main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  keepFilesPrivate();
  try {
    await main(stopSignal());
  } catch (error) {
    if (error instanceof PipelineError) {
      logger.fatal({ code: error.code, ...error.details }, error.message);
    } else {
      logger.fatal({ err: error }, 'Ended by an unexpected error');
    }
    process.exitCode = 1;
    setTimeout(() => process.exit(), EXIT_TIMEOUT_MS).unref();
  }
}

/** npm passes on the Ctrl-C that the terminal has sent to its child already. */
const SAME_SIGNAL_MS = 500;

/** Aborted by the first SIGINT or SIGTERM; the second ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let abortedAtMs = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        abortedAtMs = performance.now();
        controller.abort();
      } else if (performance.now() - abortedAtMs > SAME_SIGNAL_MS) {
        process.exit(130);
      }
    });
  }
  return controller.signal;
}
