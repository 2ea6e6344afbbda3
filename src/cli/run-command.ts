import process from 'node:process';
import type { Command } from 'commander';
import { reportError } from './report-error.ts';
import { useJson } from './terminal/output.ts';

/** Runs what the arguments ask for and answers with the exit code. */
export async function runCommand(program: Command, args: string[]): Promise<number> {
  // A reader that has seen enough, such as `head`, is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  // Before anything is parsed, since faults of the arguments are told in JSON too.
  useJson(args.includes('--json'));
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportError(error, namedBy(program, args));
  }
}

/** The command with its parents' names, as far as the arguments name one. */
function namedBy(program: Command, args: string[]): string {
  let command = program;
  const names = [program.name()];
  for (const arg of args) {
    const next = command.commands.find((known) => known.name() === arg || known.aliases().includes(arg));
    if (next) {
      command = next;
      names.push(next.name());
    }
  }
  return names.join(' ');
}
