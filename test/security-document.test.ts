import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const document = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

/** Whether the title is the first of several arguments of a call, as those of `it`, `it.each(…)` and `describe` are. */
function hasTest(source: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) =>
    [`(${quote}${title}${quote},`, `(\n${quote}${title}${quote},`].some((call) =>
      source.replaceAll(/\n +/g, '\n').includes(call),
    ),
  );
}

/** Rows of chapter V5 of OWASP ASVS 5.0. */
const ROWS = [
  ...['5.1.1', '5.2.1', '5.2.2', '5.2.3', '5.2.4', '5.2.5', '5.2.6'],
  ...['5.3.1', '5.3.2', '5.3.3', '5.4.1', '5.4.2', '5.4.3'],
];

it('docs/security.md has each row of ASVS V5, each with a test', () => {
  const rows = document.split('\n').filter((line) => /^\| 5\.\d\.\d /.test(line));

  expect(rows.map((line) => line.split('|')[1]!.trim())).toEqual(ROWS);
  expect(rows.filter((line) => !/`test\/[^`]+` › "/.test(line))).toEqual([]);
});

it('the tests that docs/security.md names exist', () => {
  const named = [...document.matchAll(/`(test\/[^`]+)` › "([^"]+)"/g)];

  expect(named.length).toBeGreaterThan(ROWS.length);
  const missing = named.filter(([, file, title]) => {
    const path = join(ROOT, file!);
    return !existsSync(path) || !hasTest(readFileSync(path, 'utf8'), title!);
  });
  expect(missing.map(([text]) => text)).toEqual([]);
});
