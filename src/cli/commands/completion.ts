import { Argument, type Command } from 'commander';
import { addExamples } from '../command-parts.ts';
import { COMPLETION_SCRIPTS } from '../completion.ts';
import { show } from '../terminal/output.ts';

type Shell = keyof typeof COMPLETION_SCRIPTS;

export function addCompletionCommand(program: Command): void {
  const command = program
    .command('completion')
    .summary('print a completion script for the shell')
    .description(
      'Prints a script that completes commands, options and their values. Load it when the shell starts, as the examples show.',
    )
    .addArgument(new Argument('<shell>', 'name of the shell').choices(Object.keys(COMPLETION_SCRIPTS)))
    .action((shell: Shell) => {
      const script = COMPLETION_SCRIPTS[shell](program);
      show({ shell, script }, () => script.trimEnd().split('\n'));
    });
  addExamples(command, [
    'limelight completion bash >> ~/.bashrc',
    'limelight completion zsh >> ~/.zshrc',
    'limelight completion fish > ~/.config/fish/completions/limelight.fish',
  ]);
}
