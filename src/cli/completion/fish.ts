import { type CommandWords, type OptionWords, quote } from './command-words.ts';

/** A line for each word, under the condition that its command has been typed. */
export function toFish(commands: CommandWords[]): string {
  const steps = commands.slice(1).map(({ path }) => quote(path));
  const lines = commands.flatMap(({ path, subcommands, options }) => {
    const at = `complete -c limelight -n ${quote(`__limelight_at "${path}"`)}`;
    return [
      ...subcommands.map(({ name, description }) => `${at} -f -a ${name} -d ${quote(description)}`),
      ...options.map((option) => `${at} ${toFlags(option)} -d ${quote(option.description)}`),
    ];
  });
  return `function __limelight_at
  set -l at limelight
  for word in (commandline -opc)[2..]
    switch "$at $word"
      case ${steps.join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function toFlags({ name, short, takesValue, choices }: OptionWords): string {
  return [
    ...(name.startsWith('--') ? [`-l ${name.slice(2)}`] : []),
    ...(short ? [`-s ${short.slice(1)}`] : []),
    ...(choices.length > 0 ? [`-x -a ${quote(choices.join(' '))}`] : takesValue ? ['-r'] : []),
  ].join(' ');
}
