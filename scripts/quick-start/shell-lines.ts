/** The commands in the `sh` blocks below a heading, without comments. */
export function shellLinesOf(markdown: string, heading: string): string[] {
  const [, ...parts] = markdown.split(`\n## ${heading}\n`);
  const part = parts.join('').split('\n## ')[0] ?? '';
  return [...part.matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, block]) => block!.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
