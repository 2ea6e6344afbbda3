import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from './step.mjs';

/**
 * Whether node_modules matches package-lock.json. npm writes node_modules/.package-lock.json after a successful install,
 * so this also detects an interrupted install and recognises a manual one (`npm install`).
 *
 * @param {string} root
 */
export function arePackagesCurrent(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules/.package-lock.json'));
  return Object.entries(wanted)
    .filter(([path]) => path !== '')
    .every(([path, { version, optional }]) =>
      // Most optional packages are for other platforms.
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
  try {
    // Node 24 is a dev package, so these are needed even with NODE_ENV=production.
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
  // `npm run` sets the path of npm. Otherwise it is on the PATH; on Windows it is a script that needs a shell.
  const { npm_execpath: npm } = process.env;
  const command = npm?.endsWith('npm-cli.js') ? [process.execPath, npm, ...args] : ['npm', ...args];
  await runStep(title, command, {
    cwd: root,
    shell: windows && command[0] === 'npm',
    // The install script of onnxruntime-node would download 300 MB of CUDA libraries.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
}
