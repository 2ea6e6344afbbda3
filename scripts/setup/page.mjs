import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from './step.mjs';

/** The sources of the page. The lock file stands for its packages. */
const SOURCES = ['web', 'src/client', 'src/contracts', 'samples', 'package-lock.json'];
const STAMP = 'dist/web/built-from';

/** Whether `dist/web` was built from the current sources. Takes about 10 ms. @param {string} root */
export function isPageCurrent(root) {
  if (!existsSync(join(root, 'web/vite.config.ts'))) {
    return true; // a part of the project that has no page
  }
  try {
    return readFileSync(join(root, STAMP), 'utf8') === hashSources(root);
  } catch {
    return false;
  }
}

/** Builds beside the old page and then swaps them, so a server that starts meanwhile never finds a partial page. @param {string} root */
export async function buildPage(root) {
  const builtFrom = hashSources(root);
  const fresh = join(root, `dist/web.${process.pid}`);
  const node = join(root, 'node_modules/.bin/node');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const config = join(root, 'web/vite.config.ts');
  try {
    await runStep('vite build', [
      existsSync(node) ? node : process.execPath,
      ...[vite, 'build', '--config', config, '--outDir', fresh, '--logLevel', 'warn'],
    ]);
    writeFileSync(join(fresh, 'built-from'), builtFrom);
    rmSync(join(root, 'dist/web'), { recursive: true, force: true });
    renameSync(fresh, join(root, 'dist/web'));
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`The page could not be built. ${error.message}`);
  }
}

/** @param {string} root */
function hashSources(root) {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesOf(root, source))) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** @returns {string[]} */
function filesOf(root, path) {
  if (!existsSync(join(root, path))) {
    return [];
  }
  if (path.includes('.')) {
    return [path];
  }
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
