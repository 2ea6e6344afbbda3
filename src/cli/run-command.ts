import process from 'node:process';
import type { Command } from 'commander';
import { reportError } from './report-error.ts';
import { useJson } from './terminal/output.ts';

/** Runs the command that the arguments name. @returns the exit code */
export async function runCommand(program: Command, args: string[]): Promise<number> {
  // A reader that closes the pipe early, such as `head`, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  // Before parsing, because usage errors are printed as JSON too.
  useJson(args.includes('--json'));
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportError(error, commandName(program, args));
  }
}

/** The full name of the command that the arguments name, as far as it is known. */
function commandName(program: Command, args: string[]): string {
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
