/** Instructions with their arguments. A line that ends in a backslash continues; comments are left out. */
export function parseDockerfile(text: string): Array<[instruction: string, args: string]> {
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [instruction, ...args] = line.trim().split(/\s+/);
      return [instruction!, args.join(' ')];
    });
}

/** The values of each key in each section, by systemd.syntax(7). */
export function parseUnit(text: string): Record<string, Record<string, string[]>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    const header = /^\[(\w+)\]$/.exec(line);
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (header) {
      section = {};
      sections[header[1]!] = section;
    } else if (key !== undefined) {
      section[key] = [...(section[key] ?? []), value!];
    }
  }
  return sections;
}
