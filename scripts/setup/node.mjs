import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { runNpm } from './packages.mjs';

/** The version that the project is tested with. It runs TypeScript without a flag. */
const NODE_MAJOR = 24;

/**
 * The npm package `node` contains the Node that everything runs on. Its install script downloads the program. If npm
 * ignores scripts, runs that script by name.
 *
 * @param {string} root
 */
export async function installNode24(root) {
  await runNpm(root, 'npm rebuild node', ['rebuild', 'node', '--ignore-scripts=false']);
  if (!isNode24(root)) {
    throw new Error(
      `Expected Node ${NODE_MAJOR} at node_modules/.bin/node but found none. Install Node ${NODE_MAJOR} yourself (https://nodejs.org), or remove node_modules and run this again.`,
    );
  }
}

/** @param {string} root */
export function isNode24(root) {
  try {
    const version = execFileSync(join(root, 'node_modules/.bin/node'), ['--version'], {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    return majorOf(version) === NODE_MAJOR;
  } catch {
    return majorOf(process.version) >= NODE_MAJOR;
  }
}

function majorOf(version) {
  return Number(version.trim().replace(/^v/, '').split('.')[0]);
}
