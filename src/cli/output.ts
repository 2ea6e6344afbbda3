/** What the command says while it works. Standard output is left to what was asked for, such as the path of a video. */
export function write(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What was asked for. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
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
