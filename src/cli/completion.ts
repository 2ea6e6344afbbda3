import type { Command, Option } from 'commander';
import { commandsOf, fullName } from './manual.ts';

/** Static scripts: one that asked Node for words would take a third of a second at each Tab. */
export const COMPLETION_SCRIPTS = { bash: toBash, zsh: toZsh, fish: toFish };

interface Word {
  name: string;
  description: string;
}

interface Flag extends Word {
  short?: string;
  /** Absent if the flag takes no value. Empty if it takes any value. */
  choices?: string[];
}

interface CommandWords {
  /** The command with its parents, such as `limelight models pull`. */
  path: string;
  subcommands: Word[];
  flags: Flag[];
}

const HELP: Flag = { name: '--help', short: '-h', description: 'display help for command' };

function toCommandWords(program: Command): CommandWords[] {
  const general = [...program.options.map(toFlag), HELP];
  return commandsOf(program).map((command) => ({
    path: fullName(command),
    subcommands: command.commands.map((sub) => ({
      name: sub.name(),
      description: sub.summary() || sub.description(),
    })),
    flags: [...(command === program ? [] : command.options.map(toFlag)), ...general],
  }));
}

function toFlag({ long, short, description, required, optional, argChoices }: Option): Flag {
  return {
    name: long ?? short!,
    ...(short && long && { short }),
    description,
    ...((required || optional) && { choices: argChoices ?? [] }),
  };
}

/** Puts a text in single quotes, which all three shells read alike. A quote in the text becomes a typographic one. */
const quote = (text: string) => `'${text.replaceAll("'", '’')}'`;

/** The lines of `case` statements that bash and zsh share: the path so far, values of flags, and words by path. */
function toCases(
  program: Command,
  onValue: (choices: string[]) => string,
  toList: (words: Word[]) => string,
): { steps: string; values: string; words: string } {
  const commands = toCommandWords(program);
  const values = commands.flatMap(({ path, flags }) =>
    flags.flatMap(({ name, short, choices }) => {
      const typed = [name, ...(short ? [short] : [])].map((flag) => quote(`${path} ${flag}`)).join('|');
      return choices ? [`    ${typed}) ${onValue(choices)} ;;`] : [];
    }),
  );
  const words = commands.map(
    ({ path, subcommands, flags }) =>
      `    ${quote(path)}) subcommands=${toList(subcommands)}; options=${toList(flags)} ;;`,
  );
  const steps = commands.slice(1).map(({ path }) => quote(path));
  return { steps: steps.join('|'), values: values.join('\n'), words: words.join('\n') };
}

/** bash completes file names if no word matches. */
function toBash(program: Command): string {
  const { steps, values, words } = toCases(
    program,
    (choices) => `words=${quote(choices.join(' '))}; only=1`,
    (list) => quote(list.map(({ name }) => name).join(' ')),
  );
  return `_limelight() {
  local current=\${COMP_WORDS[COMP_CWORD]} at=limelight words='' only='' subcommands='' options='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
    ${steps}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD-1]}" in
${values}
  esac
  if [ -z "$only" ]; then
    case "$at" in
${words}
    esac
    words=$subcommands
    [[ $current == -* ]] && words=$options
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _limelight limelight
`;
}

function toZsh(program: Command): string {
  const describe = ({ name, description }: Word) => quote(`${name}:${description.replaceAll(':', '\\:')}`);
  const { steps, values, words } = toCases(
    program,
    (choices) => `${choices.length > 0 ? `compadd -- ${choices.join(' ')}` : '_files'}; return`,
    (list) => `(${list.map(describe).join(' ')})`,
  );
  return `#compdef limelight
_limelight() {
  local at=limelight i
  local -a subcommands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
    ${steps}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values}
  esac
  case "$at" in
${words}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o option options
  elif (( \${#subcommands} )); then
    _describe command subcommands
  else
    _files
  fi
}
if [ "$funcstack[1]" = _limelight ]; then
  _limelight "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _limelight limelight
fi
`;
}

/** One line per word, with the path that must be typed before it as its condition. */
function toFish(program: Command): string {
  const commands = toCommandWords(program);
  const lines = commands.flatMap(({ path, subcommands, flags }) => {
    const at = `complete -c limelight -n ${quote(`__limelight_at "${path}"`)}`;
    return [
      ...subcommands.map(({ name, description }) => `${at} -f -a ${name} -d ${quote(description)}`),
      ...flags.map(({ name, short, description, choices }) =>
        [
          at,
          name.startsWith('--') && `-l ${name.slice(2)}`,
          short && `-s ${short.slice(1)}`,
          choices && (choices.length > 0 ? `-x -a ${quote(choices.join(' '))}` : '-r'),
          `-d ${quote(description)}`,
        ]
          .filter(Boolean)
          .join(' '),
      ),
    ];
  });
  return `function __limelight_at
  set -l at limelight
  for word in (commandline -opc)[2..]
    switch "$at $word"
      case ${commands
        .slice(1)
        .map(({ path }) => quote(path))
        .join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}
