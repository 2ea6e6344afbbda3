import { spawn } from 'node:child_process';

const HEARTBEAT_MS = 15_000;
/** How much output to show after a failure. npm prints the reason at the start, Go at the end. */
const FIRST_LINES = 6;
const LAST_LINES = 10;

/** Prints to standard error: standard output belongs to the program that runs after the setup. */
export function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

/**
 * Runs a program and prints the elapsed time every 15 seconds.
 *
 * @param {string} title description of the step, for the progress messages
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, giveUp?: (elapsedMs: number) => string | undefined }} options
 *   `giveUp` is called every second; if it returns a reason, the program is ended.
 * @throws {Error} with the end of the program's output
 */
export async function runStep(title, [program, ...args], { giveUp, ...options } = {}) {
  const startedAt = Date.now();
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  let output = '';
  let reason;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output = shorten(output + text);
    });
  }
  const heartbeat = setInterval(() => {
    say(`${title}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, HEARTBEAT_MS);
  const watch = setInterval(() => {
    reason ??= giveUp?.(Date.now() - startedAt);
    if (reason) {
      end();
    }
  }, 1000);
  try {
    const failure = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${code ?? signal}`));
    });
    if (failure !== undefined) {
      throw new Error([reason ?? `${program} ${failure}`, output.trim()].filter(Boolean).join('\n'));
    }
  } finally {
    clearInterval(heartbeat);
    clearInterval(watch);
    process.off('exit', end);
  }
}

function shorten(output) {
  const lines = output.split('\n');
  return lines.length <= FIRST_LINES + LAST_LINES
    ? output
    : [...lines.slice(0, FIRST_LINES), ...lines.slice(-LAST_LINES)].join('\n');
}
