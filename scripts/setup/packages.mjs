import { existsSync, readFileSync } from 'node:fs';
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
  // Offline, npm would try for minutes. It may have everything in its cache.
  const fault = await networkFault(root);
  // Node 24 is a dev package, so these are needed even with NODE_ENV=production.
  // Scripts of packages are not run: only that of Node is needed, and it has a step of its own.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await runNpm(root, 'npm ci', fault ? [...args, '--offline'] : args);
  } catch (error) {
    const [, place] =
      /^npm error path (.+)$/m.exec(/\b(EACCES|EROFS)\b/.test(error.message) ? error.message : '') ?? [];
    if (place) {
      throw new Error(
        `npm may not write to ${place}. Make it writable, or set npm_config_cache and XDG_CACHE_HOME to folders that are, also for later runs.`,
      );
    }
    throw new Error(
      fault
        ? `npm does not reach its registry (${fault}), and its cache lacks some packages. Connect this machine, or correct npm's registry or proxy (npm ping), then run this again.`
        : `The npm packages could not be installed. ${error.message}\nCheck that npm (10 or newer) is installed and reaches its registry (npm ping), then run this again.`,
    );
  }
}

/** The code of the error if the registry cannot be reached. One that refuses to be pinged can. */
async function networkFault(root) {
  try {
    await runNpm(root, 'npm ping', ['ping', '--fetch-retries=0', '--fetch-timeout=10000']);
  } catch (error) {
    return /\bE(AI_AGAIN|NOTFOUND|CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|TIMEDOUT)\b/.exec(
      error.message,
    )?.[0];
  }
}

/** @param {string} root @param {string} title @param {string[]} args */
export async function runNpm(root, title, args) {
  const windows = process.platform === 'win32';
  // `npm run` sets the path of npm. Otherwise it is on the PATH; on Windows it is a script that needs a shell.
  const { npm_execpath: npm, npm_node_execpath: nodeOfNpm } = process.env;
  // `npm ci` deletes the Node in node_modules, which may be the one that runs this. npm itself runs on another.
  const node = nodeOfNpm && existsSync(nodeOfNpm) ? nodeOfNpm : process.execPath;
  const command = npm?.endsWith('npm-cli.js') ? [node, npm, ...args] : ['npm', ...args];
  await runStep(title, command, {
    cwd: root,
    shell: windows && command[0] === 'npm',
    // The install script of onnxruntime-node would download 300 MB of CUDA libraries.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
}
