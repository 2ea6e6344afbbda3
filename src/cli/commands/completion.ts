import { Argument, type Command } from 'commander';
import { addExamples } from '../command-parts.ts';
import { toBash } from '../completion/bash.ts';
import { toCommandWords } from '../completion/command-words.ts';
import { toFish } from '../completion/fish.ts';
import { toZsh } from '../completion/zsh.ts';
import { show } from '../terminal/output.ts';

const SHELLS = { bash: toBash, zsh: toZsh, fish: toFish };
type Shell = keyof typeof SHELLS;

export function addCompletionCommand(program: Command): void {
  const command = program
    .command('completion')
    .summary('print a completion script for the shell')
    .description(
      'Prints a script that completes commands, options and their values. Load it when the shell starts, as the examples show.',
    )
    .addArgument(new Argument('<shell>', 'name of the shell').choices(Object.keys(SHELLS)))
    .action((shell: Shell) => {
      const script = SHELLS[shell](toCommandWords(program));
      show({ shell, script }, () => script.trimEnd().split('\n'));
    });
  addExamples(command, [
    'limelight completion bash >> ~/.bashrc',
    'limelight completion zsh >> ~/.zshrc',
    'limelight completion fish > ~/.config/fish/completions/limelight.fish',
  ]);
}
