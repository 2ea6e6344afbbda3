import { PipelineError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What a failure leaves open, a timer or a connection, does not keep the process from its end for longer. */
const LEFT_OPEN_MS = 2_000;

/**
 * Runs the inside of an entry point. Its signal is aborted by the first SIGINT or SIGTERM; the second ends the process
 * at once. What it fails with becomes one line of the log and exit code 1.
 */
export async function runMain(logger: Logger, main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await main(stopSignal());
  } catch (error) {
    if (error instanceof PipelineError) {
      logger.fatal({ code: error.code, ...error.details }, error.message);
    } else {
      logger.fatal({ err: error }, 'Ended by an unexpected error');
    }
    process.exitCode = 1;
    setTimeout(() => process.exit(), LEFT_OPEN_MS).unref();
  }
}

/** Aborted by the first SIGINT or SIGTERM; the second ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        process.exit(130);
      }
      controller.abort();
    });
  }
  return controller.signal;
}
