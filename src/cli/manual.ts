import type { Command } from 'commander';
import { EXIT_CODES } from './exit-code.ts';

/** Width of a help text in the manual. */
const WIDTH_COLUMNS = 100;

/** The text of `docs/cli.md`: the help of every command, and the exit codes. */
export function toManual(program: Command): string {
  const codes = Object.values(EXIT_CODES).map(
    ([code, meaning]) => `| ${String(code).padEnd(4)} | ${meaning} |`,
  );
  const wide = Math.max(...codes.map((line) => line.length));
  return [
    '# The command line',
    '',
    'Generated from the help of the commands by `node scripts/cli-manual.ts`.',
    '',
    'Results go to standard output, progress and errors to standard error. With `--json` each result is one line of JSON on standard output, and so is an error: `{"error":{"code","message","next","exit_code"}}`. Colours appear only in terminals, and not if `NO_COLOR` is set.',
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

/** The command and all its subcommands, without `help`. */
export function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

/** The output of `--help`, examples included, without colours. */
export function toHelp(command: Command): string {
  let text = '';
  command
    .configureOutput({
      writeOut: (more) => {
        text += more;
      },
      getOutHelpWidth: () => WIDTH_COLUMNS,
      getOutHasColors: () => false,
    })
    .outputHelp();
  return text.trimEnd();
}
