import process from 'node:process';
import type { WriteStream } from 'node:tty';

/** Prints progress to standard error. Standard output is reserved for results, such as the path of a video. */
export function write(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints a line of a result to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The stream as a terminal. `undefined` if it is not one. */
export function toTerminal(output: NodeJS.WritableStream): WriteStream | undefined {
  return (output as Partial<WriteStream>).isTTY ? (output as WriteStream) : undefined;
}

let json = false;

/** Sets whether results are printed as JSON (`--json`). */
export function useJson(wanted: boolean): void {
  json = wanted;
}

export function isJson(): boolean {
  return json;
}

/** Prints a result: readable lines, or with `--json` the value as one line of JSON (several results are JSON Lines). */
export function show<T>(value: T, toLines: (value: T) => string[]): void {
  for (const line of json ? [JSON.stringify(value)] : toLines(value)) {
    print(line);
  }
}

const MIN_REPEAT_INTERVAL_MS = 60_000;
const lastWarnedAt = new Map<string, number>();

/** Prints a warning. Repeats the same one at most once a minute; the logs have all of them. */
export function warn(line: string): void {
  if (Date.now() - (lastWarnedAt.get(line) ?? 0) >= MIN_REPEAT_INTERVAL_MS) {
    lastWarnedAt.set(line, Date.now());
    write(`! ${line}`);
  }
}
