import { type CommandWords, quote, type Word } from './command-words.ts';

/** Commands and options with what they do; values of an option where it has choices, else files. */
export function toZsh(commands: CommandWords[]): string {
  const steps = commands.slice(1).map(({ path }) => quote(path));
  const choices = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.takesValue)
      .map(({ name, short, choices }) => {
        const flags = [name, ...(short ? [short] : [])].map((flag) => quote(`${path} ${flag}`)).join('|');
        return `    ${flags}) ${choices.length > 0 ? `compadd -- ${choices.join(' ')}` : '_files'}; return ;;`;
      }),
  );
  const words = commands.map(
    ({ path, subcommands, options }) =>
      `    ${quote(path)}) subcommands=(${toList(subcommands)}); options=(${toList(options)}) ;;`,
  );
  return `#compdef limelight
_limelight() {
  local at=limelight i
  local -a subcommands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
    ${steps.join('|')}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${choices.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
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

function toList(words: Word[]): string {
  return words
    .map(({ name, description }) => quote(`${name}:${description.replaceAll(':', '\\:')}`))
    .join(' ');
}
