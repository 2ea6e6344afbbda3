import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const IMPORT = /^(?:import|export)\s+(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm;
/** Parts of the project that also run in browsers. */
const SHARED = /^(web|src\/client|src\/contracts|samples)\//;
const PACKAGES = [
  'preact',
  'preact/hooks',
  '@preact/signals',
  '@noble/hashes/sha2.js',
  '@noble/hashes/utils.js',
  'libheif-js',
];

const files = globSync('web/**/*.{ts,tsx}', { cwd: ROOT }).filter((file) => !file.endsWith('vite.config.ts'));

describe('the page', () => {
  it('imports only code that runs in browsers, and only its own packages', () => {
    expect(files.length).toBeGreaterThan(40);
    const foreign = files.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)]
        .map(([, specifier]) => specifier!)
        .filter((specifier) =>
          specifier.startsWith('.')
            ? !SHARED.test(normalize(join(dirname(file), specifier)))
            : !PACKAGES.some((name) => specifier === name || specifier.startsWith(`${name}/libheif-wasm/`)),
        )
        .map((specifier) => `${file}: ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  it('imports only types of the schemas, so that it does not carry zod', () => {
    const values = [...files, ...globSync('src/client/**/*.ts', { cwd: ROOT })].filter((file) =>
      /^(?:import|export)\s+(?!type\s)[^;'"]*?\sfrom\s+'[^']*contracts\/schemas\//m.test(
        readFileSync(join(ROOT, file), 'utf8'),
      ),
    );
    expect(values).toEqual([]);
  });
});
