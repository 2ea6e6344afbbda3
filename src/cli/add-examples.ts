import type { Command } from 'commander';

/** Whole lines to type, under the help of the command. A test runs each of them through the parser. */
export function addExamples(command: Command, examples: string[]): Command {
  const lines = examples.map((example) => `  ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
