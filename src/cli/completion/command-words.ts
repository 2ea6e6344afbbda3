import type { Command, Option } from 'commander';
import { commandsOf, fullName } from '../manual.ts';

/** What may be typed after a command, as the shells need it. */
export interface CommandWords {
  /** The command with its parents: `limelight models pull`. */
  path: string;
  subcommands: Word[];
  options: OptionWords[];
}

export interface Word {
  name: string;
  description: string;
}

export interface OptionWords extends Word {
  /** `-o`, where it has one; `name` is the long one. */
  short?: string;
  takesValue: boolean;
  /** Empty where any value is taken. */
  choices: string[];
}

export function toCommandWords(program: Command): CommandWords[] {
  const general = [...program.options.map(toOption), toHelp()];
  return commandsOf(program).map((command) => ({
    path: fullName(command),
    subcommands: command.commands.map((sub) => ({
      name: sub.name(),
      description: sub.summary() || sub.description(),
    })),
    options: [...(command === program ? [] : command.options.map(toOption)), ...general],
  }));
}

function toOption({ long, short, description, required, optional, argChoices }: Option): OptionWords {
  return {
    name: long ?? short!,
    ...(short && long && { short }),
    description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}

function toHelp(): OptionWords {
  return {
    name: '--help',
    short: '-h',
    description: 'display help for command',
    takesValue: false,
    choices: [],
  };
}

/** In single quotes, for any of the shells: what would end them is left out. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
