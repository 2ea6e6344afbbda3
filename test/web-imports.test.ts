import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const IMPORT = /^(?:import|export)\s+(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm;
/** What of the project runs in browsers as well. */
const SHARED = /^(web|src\/client|src\/contracts|samples)\//;
const PACKAGES = ['preact', 'preact/hooks', '@preact/signals'];

const files = globSync('web/**/*.{ts,tsx}', { cwd: ROOT }).filter((file) => !file.endsWith('vite.config.ts'));

describe('the page', () => {
  it('imports of the project only what runs in browsers, and of packages only its own', () => {
    expect(files.length).toBeGreaterThan(40);
    const foreign = files.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)]
        .map(([, specifier]) => specifier!)
        .filter((specifier) =>
          specifier.startsWith('.')
            ? !SHARED.test(normalize(join(dirname(file), specifier)))
            : !PACKAGES.includes(specifier),
        )
        .map((specifier) => `${file}: ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  it('has no words of its own outside of its strings', () => {
    // What stands between tags and begins with a letter, but for the name of the product.
    const words = files.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^\s+([A-Z][a-z]+(?: [a-z]+)*)\s*$/gm)]
        .map(([, text]) => `${file}: ${text}`)
        .filter((line) => file.endsWith('.tsx') && !line.endsWith(': Limelight')),
    );
    expect(words).toEqual([]);
  });
});
