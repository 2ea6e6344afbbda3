import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellLinesOf } from '../scripts/quick-start/shell-lines.ts';
import { commandsOf, fullName } from '../src/cli/manual.ts';
import { createProgram } from '../src/cli/program.ts';
import { Environment } from '../src/process/load-config.ts';

const ROOT = join(import.meta.dirname, '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What `npm run quick-start` does in a fresh clone, as far as it costs nothing to look. */
describe('the README', () => {
  it('begins with the demo and the server, which the quick start runs', () => {
    expect(shellLinesOf(readme, 'Two commands').slice(0, 2)).toEqual(['npm run demo', 'npm start']);
    expect(shellLinesOf(readme, 'With the server').length).toBeGreaterThan(1);
  });

  it('names npm scripts that there are', () => {
    const named = [...readme.matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names commands that there are', () => {
    const known = new Set(commandsOf(createProgram()).map(fullName));
    const named = [...readme.matchAll(/(?:npx |`)(limelight [a-z]+)/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('names settings that there are', () => {
    const named = [...readme.matchAll(/`([A-Z]+(?:_[A-Z0-9]+)+)[`=]/g)].map(([, name]) => name!);
    const ofTests = ['MEDIA_DIR'];
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !(name in Environment.shape) && !ofTests.includes(name))).toEqual([]);
  });

  it('links to files that there are', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
