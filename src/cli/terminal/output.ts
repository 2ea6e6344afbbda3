import process from 'node:process';

/** What the command says while it works. Standard output is left to what was asked for, such as the path of a video. */
export function write(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What was asked for, as a line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

let json = false;

/** Whether results are JSON from now on: the whole command was called with `--json`. */
export function useJson(wanted: boolean): void {
  json = wanted;
}

export function isJson(): boolean {
  return json;
}

/**
 * What was asked for: lines for a person, or the value itself with `--json`. Its JSON is one line, so that several
 * results are JSON Lines.
 */
export function show<T>(value: T, toLines: (value: T) => string[]): void {
  for (const line of json ? [JSON.stringify(value)] : toLines(value)) {
    print(line);
  }
}

const REPEAT_AFTER_MS = 60_000;
const lastWarnedAt = new Map<string, number>();

/** Something that a person should see, at most once a minute: what repeats itself is in the logs in full. */
export function warn(line: string): void {
  if (Date.now() - (lastWarnedAt.get(line) ?? 0) >= REPEAT_AFTER_MS) {
    lastWarnedAt.set(line, Date.now());
    write(`! ${line}`);
  }
}
