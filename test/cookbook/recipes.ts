import { readFileSync } from 'node:fs';

export interface Recipe {
  title: string;
  /** By language, in the order of the page. */
  blocks: Array<{ language: string; text: string }>;
}

/** The numbered parts of docs/cookbook.md with the examples in each. */
export function readRecipes(): Recipe[] {
  const page = readFileSync(new URL('../../docs/cookbook.md', import.meta.url), 'utf8');
  return page
    .split(/^## /m)
    .slice(1)
    .map((part) => ({
      title: part.slice(0, part.indexOf('\n')),
      blocks: [...part.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
        language: language!,
        text: text!,
      })),
    }));
}

/** The examples of one language in the recipe of that number, all of them together or one. */
export function textOf(number: number, language: string, index = 0): string {
  const blocks = readRecipes()[number - 1]!.blocks.filter((block) => block.language === language);
  const block = blocks[index];
  if (!block) {
    throw new Error(`Recipe ${number} has ${blocks.length} examples of ${language}, not ${index + 1}`);
  }
  return block.text;
}
