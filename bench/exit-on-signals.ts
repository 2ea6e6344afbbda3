import process from 'node:process';

/** Ends what goes with this process, Temporal servers above all: a signal alone would leave them behind. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(130));
  }
}
