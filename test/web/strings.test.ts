import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { de } from '../../web/strings/de.ts';
import { en } from '../../web/strings/en.ts';

const WEB = join(import.meta.dirname, '../../web');

type Words = Record<string, unknown>;

/** Every word by its path; of one that takes numbers or names, how many. */
function shapeOf(words: Words, path = ''): string[] {
  return Object.entries(words).flatMap(([name, value]) => {
    const at = `${path}${name}`;
    return typeof value === 'object'
      ? shapeOf(value as Words, `${at}.`)
      : [typeof value === 'function' ? `${at}(${value.length})` : at];
  });
}

describe('the words of the page', () => {
  it('are all there in every language, those of each error, colour and state too', () => {
    expect(shapeOf(de).sort()).toEqual(shapeOf(en).sort());
  });

  it('are not empty, and no sentence was left in English', () => {
    const plain = shapeOf(en).filter((path) => typeof valueAt(en, path) === 'string');
    expect(plain.filter((path) => valueAt(de, path) === '')).toEqual([]);
    const sentences = plain.filter((path) => String(valueAt(en, path)).includes(' '));
    expect(sentences.length).toBeGreaterThan(100);
    expect(sentences.filter((path) => valueAt(de, path) === valueAt(en, path))).toEqual([]);
  });

  it('are all used', () => {
    const source = globSync('**/*.{ts,tsx}', { cwd: WEB })
      .filter((path) => !path.startsWith('strings/de') && !path.startsWith('strings/en'))
      .map((path) => readFileSync(join(WEB, path), 'utf8'))
      .join('\n');
    const names = shapeOf(en)
      // Those are looked up by what is told, such as the name of a stage.
      .filter(
        (path) =>
          !/\.(errors|names|states|parts|tiers|providers|outages|priorities|queueNames|tabs|pictureFaults)\.|^(errors|steps|stepState)\./.test(
            path,
          ),
      )
      .map(
        (path) =>
          path
            .replace(/\(\d+\)$/, '')
            .split('.')
            .at(-1)!,
      );
    expect([...new Set(names)].filter((name) => !new RegExp(`\\.${name}\\b`).test(source))).toEqual([]);
  });

  it('are nowhere else: no view has text of its own', () => {
    const found = globSync('views/**/*.tsx', { cwd: WEB }).flatMap((path) =>
      [...readFileSync(join(WEB, path), 'utf8').matchAll(/>\s*([A-Z][a-z]+ [^<>{}=;]*)</g)].map(
        ([, text]) => `${path}: ${text!.trim()}`,
      ),
    );
    expect(found).toEqual([]);
  });
});

function valueAt(words: Words, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Words)[name], words);
}
