import process from 'node:process';
import { stripVTControlCharacters, styleText } from 'node:util';

/** Meaning of each colour. The text says the same, so that nothing depends on colour alone. */
const COLOURS = { good: 'green', bad: 'red', doubtful: 'yellow', quiet: 'dim', strong: 'bold' } as const;
export type Meaning = keyof typeof COLOURS;

/** Colours the text on a terminal, unless NO_COLOR is set. */
export function paint(meaning: Meaning, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(COLOURS[meaning], text, { stream });
}

/** Width of a text in columns, without colour codes. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
