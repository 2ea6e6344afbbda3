import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellLinesOf } from '../scripts/quick-start/shell-lines.ts';
import { commandsOf, fullName } from '../src/cli/manual.ts';
import { createProgram } from '../src/cli/program.ts';
import { Environment } from '../src/process/load-config.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const readme = read('README.md');
const contributing = read('CONTRIBUTING.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** `npm run quick-start` runs these commands in a fresh clone; the tests here only check the text. */
describe('the README', () => {
  it('begins with the demo and the server, which the quick start runs', () => {
    expect(shellLinesOf(readme, 'Two commands').slice(0, 2)).toEqual(['npm run demo', 'npm start']);
    expect(shellLinesOf(readme, 'With the server').length).toBeGreaterThan(1);
  });

  it('has at most 100 lines', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(100);
  });
});

describe.each([
  ['README.md', { commands: 4, settings: 4, links: 6 }],
  ['CONTRIBUTING.md', { commands: 2, settings: 1, links: 6 }],
  ['docs/setup.md', { commands: 2, settings: 4, links: 1 }],
])('%s', (path, atLeast) => {
  const page = read(path);

  it('names npm scripts that exist', () => {
    const named = [...page.matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names commands that exist', () => {
    const known = new Set(commandsOf(createProgram()).map(fullName));
    const named = [...page.matchAll(/(?:npx |`)(limelight [a-z]+)/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThanOrEqual(atLeast.commands);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('names settings that exist', () => {
    const named = [...page.matchAll(/`([A-Z]+(?:_[A-Z0-9]+)+)[`=]/g)].map(([, name]) => name!);
    const notSettings = ['MEDIA_DIR', 'STAGE_PERCENT', 'FIELD_OF', 'MIN_', 'MAX_'];
    expect(named.length).toBeGreaterThanOrEqual(atLeast.settings);
    expect(named.filter((name) => !(name in Environment.shape) && !notSettings.includes(name))).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThanOrEqual(atLeast.links);
    expect(links.filter((link) => !existsSync(join(ROOT, path, '..', link)))).toEqual([]);
  });
});

describe('CONTRIBUTING.md', () => {
  it('shows every folder and file of src on its map', () => {
    const map = /^## Find your way$.*?^```$(.*?)^```$/ms.exec(contributing)?.[1] ?? '';
    const parts = readdirSync(join(ROOT, 'src')).map((name) => name.replace(/\.ts$/, ''));
    expect(parts.length).toBeGreaterThan(15);
    expect(parts.filter((part) => !new RegExp(`\\b${part}\\b`).test(map))).toEqual([]);
  });

  it('documents every npm script', () => {
    const missing = Object.keys(scripts).filter((name) => !contributing.includes(`npm run ${name}`));
    expect(missing.filter((name) => !['start', 'test'].includes(name))).toEqual([]);
  });

  it('names files and folders that exist, apart from the NAME that a recipe adds', () => {
    const paths = [...contributing.matchAll(/`((?:src|test|scripts|docs|deploy|models)\/[^`\s]+)`/g)]
      .map(([, path]) => path!)
      .filter((path) => !path.includes('NAME'));
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => globSync(path, { cwd: ROOT }).length === 0)).toEqual([]);
  });
});
