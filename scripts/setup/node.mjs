import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './packages.mjs';

/** The version that the project is tested with. It runs TypeScript without a flag. */
const NODE_MAJOR = 24;

/** SHA-256 of Node 24.21.0 as the install script downloads it. The lock file does not cover that download. */
const PROGRAMS = {
  'linux-x64': '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
  'linux-arm64': '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
};

/**
 * The npm package `node` contains the Node that everything runs on. Its install script downloads the program. It is the
 * only script of a package that is run, here by name.
 *
 * @param {string} root
 */
export async function installNode24(root) {
  await runNpm(root, 'npm rebuild node', ['rebuild', 'node', '--ignore-scripts=false']);
  verifyProgram(join(root, 'node_modules/node/bin/node'));
  if (!isNode24(root)) {
    throw new Error(
      `Expected Node ${NODE_MAJOR} at node_modules/.bin/node but found none. Install Node ${NODE_MAJOR} yourself (https://nodejs.org), or remove node_modules and run this again.`,
    );
  }
}

/** Removes a program whose checksum is wrong. On other platforms the registry is trusted. */
function verifyProgram(program) {
  const wanted = PROGRAMS[`${process.platform}-${process.arch}`];
  if (!wanted || !existsSync(program)) {
    return;
  }
  const found = createHash('sha256').update(readFileSync(program)).digest('hex');
  if (found !== wanted) {
    rmSync(program);
    throw new Error(
      `The checksum of ${program} was ${found}, but ${wanted} was expected, so it was removed. Check npm's registry (npm config get registry), then run this again.`,
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
