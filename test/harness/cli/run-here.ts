import { vi } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';
import { runCommand } from '../../../src/cli/run-command.ts';

/** Runs the command in this process, without a terminal: one of its own would take most of a test's time. */
export async function runHere(args: string[], env: Record<string, string>) {
  const printed: Buffer[] = [];
  const said: Buffer[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(into(printed));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(into(said));
  const stopsOnSignals = signalListeners();
  // The colours of whoever runs the tests are not the command's.
  vi.stubEnv('FORCE_COLOR', undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const code = await runCommand(createProgram(), args);
    return {
      code,
      printed: Buffer.concat(printed).toString('utf8'),
      said: Buffer.concat(said).toString('utf8'),
    };
  } finally {
    process.exitCode = undefined;
    vi.unstubAllEnvs();
    out.mockRestore();
    err.mockRestore();
    for (const [signal, listener] of signalListeners()) {
      if (!stopsOnSignals.some(([, known]) => known === listener)) process.off(signal, listener);
    }
  }
}

function into(written: Buffer[]): typeof process.stdout.write {
  return (data: string | Uint8Array, ...rest: unknown[]) => {
    written.push(Buffer.from(data as string));
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
}

function signalListeners(): Array<[NodeJS.Signals, NodeJS.SignalsListener]> {
  return (['SIGINT', 'SIGTERM'] as const).flatMap((signal) =>
    process.listeners(signal).map((listener): [NodeJS.Signals, NodeJS.SignalsListener] => [signal, listener]),
  );
}
