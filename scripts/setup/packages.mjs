import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep, say } from './step.mjs';

/**
 * Whether node_modules holds what package-lock.json says. npm writes node_modules/.package-lock.json when an install has
 * ended well, so an interrupted install and one by hand (`npm install`) are both told rightly.
 *
 * @param {string} root
 */
export function arePackagesCurrent(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules/.package-lock.json'));
  return Object.entries(wanted)
    .filter(([path]) => path !== '')
    .every(([path, { version, optional }]) =>
      // Optional packages are those of other platforms, for the most part.
      present[path] ? present[path].version === version : Boolean(optional),
    );
}

/** @returns {Record<string, { version?: string, optional?: boolean }>} */
function readPackages(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') {
      return {};
    }
    throw error;
  }
}

/** @param {string} root */
export async function installPackages(root) {
  say('installing the npm packages (npm ci), usually half a minute to two minutes');
  try {
    // Without dev packages there would be no Node 24, whatever NODE_ENV says.
    await runNpm(root, 'npm ci', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  } catch (error) {
    throw new Error(
      `The npm packages could not be installed. ${error.message}\nCheck that npm (10 or newer) is installed and reaches its registry (npm ping), then run this again.`,
    );
  }
}

/** @param {string} root @param {string} title @param {string[]} args */
export async function runNpm(root, title, args) {
  const windows = process.platform === 'win32';
  // Under `npm run` npm says where it is; otherwise it is on PATH, on Windows as a script that needs a shell.
  const { npm_execpath: npm } = process.env;
  const command = npm?.endsWith('npm-cli.js') ? [process.execPath, npm, ...args] : ['npm', ...args];
  await runStep(title, command, {
    cwd: root,
    shell: windows && command[0] === 'npm',
    // Its install script fetches CUDA libraries of 300 MB; docs/operations.md says how to install them on purpose.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
}
