import { type Command, InvalidArgumentError } from 'commander';

/** Adds example command lines below the help of the command. A test runs each of them through the parser. */
export function addExamples(command: Command, examples: string[]): Command {
  // In a clone the command is not on the path.
  const lines = examples.map((example) => `  ${example.replace(/^limelight /, 'npx limelight ')}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Parses the value of an option or argument. */
export function toWholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new InvalidArgumentError('Expected a whole number.');
  }
  return Number(text);
}

/** Parses the value of an option or argument: a number of at least 0. */
export function toNumber(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) {
    throw new InvalidArgumentError('Expected a number.');
  }
  return Number(text);
}
