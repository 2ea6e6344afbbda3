import process from 'node:process';
import { createInterface } from 'node:readline/promises';

/** Whether the command runs in a terminal whose user can answer. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Reads one line after the question. Rejects with the signal's reason. readline intercepts Ctrl-C, so it is passed on as
 * SIGINT.
 */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return (await terminal.question(question, { signal })).trim();
  } finally {
    terminal.close();
  }
}
