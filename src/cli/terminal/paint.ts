import process from 'node:process';
import { stripVTControlCharacters, styleText } from 'node:util';

/** What a colour stands for. Words say the same: nothing is told by colour alone. */
const COLOURS = { good: 'green', bad: 'red', doubtful: 'yellow', quiet: 'dim', strong: 'bold' } as const;
export type Meaning = keyof typeof COLOURS;

/** In colour on a terminal; plain elsewhere, and where NO_COLOR is set. */
export function paint(meaning: Meaning, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(COLOURS[meaning], text, { stream });
}

/** How many columns a text takes, whatever colours it has. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
