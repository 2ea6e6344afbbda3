import process from 'node:process';

/** Exits on signals, so that child processes such as Temporal servers end too. A signal alone would leave them behind. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(130));
  }
}
