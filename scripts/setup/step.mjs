import { spawn } from 'node:child_process';
import { keepLocked } from './lock.mjs';

const HEARTBEAT_MS = 15_000;
/** How much output to show after a failure. npm prints the reason at the start, Go at the end. */
const FIRST_LINES = 6;
const LAST_LINES = 10;

/** Prints to standard error: standard output belongs to the program that runs after the setup. */
export function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

/**
 * Runs one step of the setup and prints how long it took.
 *
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 */
export async function timed(title, work) {
  const startedAt = performance.now();
  const result = await work();
  say(`${title}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}

/**
 * Runs a program and prints the elapsed time every 15 seconds.
 *
 * @param {string} title description of the step, for the progress messages
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @throws {Error} with the end of the program's output
 */
export async function runStep(title, [program, ...args], options = {}) {
  const startedAt = Date.now();
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const release = keepLocked(child.pid);
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output = shorten(output + text);
    });
  }
  const heartbeat = setInterval(() => {
    say(`${title}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, HEARTBEAT_MS);
  try {
    const failure = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${code ?? signal}`));
    });
    if (failure !== undefined) {
      throw new Error([`${program} ${failure}`, output.trim()].filter(Boolean).join('\n'));
    }
  } finally {
    clearInterval(heartbeat);
    process.off('exit', end);
    release();
  }
}

function shorten(output) {
  const lines = output.split('\n');
  return lines.length <= FIRST_LINES + LAST_LINES
    ? output
    : [...lines.slice(0, FIRST_LINES), ...lines.slice(-LAST_LINES)].join('\n');
}
