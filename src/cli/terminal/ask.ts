import process from 'node:process';
import { createInterface } from 'node:readline/promises';

/** Whether a person reads what the command says and can answer. */
export function isSomebodyThere(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * What is typed after the question. Rejects with the signal's reason; Ctrl-C, which a question takes for itself, is a SIGINT as it
 * is everywhere else.
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
