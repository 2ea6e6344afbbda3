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

/** Rows of OWASP ASVS 5.0: all of chapter V5 (files), and those of V14 (personal data) that code can keep. */
const ROWS = [
  ...['5.1.1', '5.2.1', '5.2.2', '5.2.3', '5.2.4', '5.2.5', '5.2.6'],
  ...['5.3.1', '5.3.2', '5.3.3', '5.4.1', '5.4.2', '5.4.3'],
  ...['14.2.1', '14.2.3', '14.2.4', '14.2.7', '14.2.8', '14.3.1', '14.3.2', '14.3.3'],
];

it('docs/security.md has each of these rows of ASVS, each with a test', () => {
  const rows = document.split('\n').filter((line) => /^\| \d+\.\d\.\d /.test(line));

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
