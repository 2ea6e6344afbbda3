import type { Command } from 'commander';
import { EXIT_CODES } from './exit-code.ts';

/** Columns of a block in the manual. */
const WIDTH = 100;

/** `docs/cli.md`: what `--help` says, of every command, and the exit codes. */
export function toManual(program: Command): string {
  const codes = Object.values(EXIT_CODES).map(
    ([code, meaning]) => `| ${String(code).padEnd(4)} | ${meaning} |`,
  );
  const wide = Math.max(...codes.map((line) => line.length));
  return [
    '# The command line',
    '',
    'Written from the help of the commands by `node scripts/cli-manual.ts`.',
    '',
    'Results are on standard output; what a command says while it works is on standard error. With `--json` a result is one line of JSON, and so is an error: `{"error":{"code","message","next","exit_code"}}`. Colours are for terminals only, and not used where `NO_COLOR` is set.',
    '',
    '## Exit codes',
    '',
    `| code | ${'when'.padEnd(wide - 11)} |`,
    `| ---- | ${'-'.repeat(wide - 11)} |`,
    ...codes.map((line) => `${line.slice(0, -2).padEnd(wide - 2)} |`),
    '',
    ...commandsOf(program).flatMap((command) => [
      `## ${fullName(command)}`,
      '',
      '```',
      toHelp(command),
      '```',
      '',
    ]),
  ].join('\n');
}

/** The command itself and all below it, but for the `help` that each has. */
export function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

/** What `--help` prints, examples included, without colours. */
export function toHelp(command: Command): string {
  let text = '';
  command
    .configureOutput({
      writeOut: (more) => {
        text += more;
      },
      getOutHelpWidth: () => WIDTH,
      getOutHasColors: () => false,
    })
    .outputHelp();
  return text.trimEnd();
}
