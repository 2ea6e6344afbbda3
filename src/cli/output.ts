/** What the command says while it works. Standard output is left to what was asked for, such as the path of a video. */
export function write(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One line of one of the processes that a person should see. */
export function warn(line: string): void {
  write(`! ${line}`);
}
