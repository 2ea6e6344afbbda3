import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** All that a process started, and what that started. */
export async function processesBelow(parent: number): Promise<Array<{ pid: number; args: string }>> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,args=']);
  const all = stdout.split('\n').flatMap((line) => {
    const [, pid, ppid, args] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [];
    return args === undefined ? [] : [{ pid: Number(pid), ppid: Number(ppid), args }];
  });
  const below = (ppid: number): typeof all =>
    all.filter((one) => one.ppid === ppid).flatMap((one) => [one, ...below(one.pid)]);
  return below(parent);
}
