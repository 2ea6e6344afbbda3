import { type CommandWords, quote, type Word } from './command-words.ts';

/** Where no word fits, bash falls back to the names of files. */
export function toBash(commands: CommandWords[]): string {
  const steps = commands.slice(1).map(({ path }) => quote(path));
  const choices = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.takesValue)
      .map(
        ({ name, short, choices }) =>
          `    ${[name, ...(short ? [short] : [])].map((flag) => quote(`${path} ${flag}`)).join('|')}) words=${quote(choices.join(' '))}; only=1 ;;`,
      ),
  );
  const words = commands.map(
    ({ path, subcommands, options }) =>
      `    ${quote(path)}) subcommands=${toList(subcommands)}; options=${toList(options)} ;;`,
  );
  return `_limelight() {
  local current=\${COMP_WORDS[COMP_CWORD]} at=limelight words='' only='' subcommands='' options='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
    ${steps.join('|')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD-1]}" in
${choices.join('\n')}
  esac
  if [ -z "$only" ]; then
    case "$at" in
${words.join('\n')}
    esac
    words=$subcommands
    [[ $current == -* ]] && words=$options
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _limelight limelight
`;
}

function toList(words: Word[]): string {
  return quote(words.map(({ name }) => name).join(' '));
}
