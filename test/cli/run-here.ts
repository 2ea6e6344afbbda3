import { vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { runCommand } from '../../src/cli/run-command.ts';

/** Runs the command in this process: one of its own would take most of a test's time. */
export async function runHere(args: string[], env: Record<string, string>) {
  const printed: string[] = [];
  const said: string[] = [];
  const into = (lines: string[]) => (text: unknown) => lines.push(String(text)) > 0;
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(into(printed));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(into(said));
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const code = await runCommand(createProgram(), args);
    return { code, printed: printed.join(''), said: said.join('') };
  } finally {
    vi.unstubAllEnvs();
    out.mockRestore();
    err.mockRestore();
  }
}
