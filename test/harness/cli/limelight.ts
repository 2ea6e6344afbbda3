import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

export interface Ended {
  code: number | null;
  printed: string;
  /** Standard error; in a terminal all is in `printed`. */
  said: string;
}

interface Where {
  cwd?: string;
  /** Over the environment of the tests; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  /** What is typed: keys, each when the command has written something new that contains `after`. */
  typed?: Array<{ after: string; keys: string }>;
}

/** Runs the command as a script does: no terminal anywhere. */
export async function limelight(args: string[], where: Where = {}): Promise<Ended> {
  return finish(process.execPath, [MAIN, ...args], where);
}

/** Runs it in a pseudo-terminal of 100 columns, by util-linux's `script`. */
export async function limelightInTerminal(args: string[], where: Where = {}): Promise<Ended> {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
  const shell = `stty cols 100; exec ${command}`;
  return finish('script', ['--quiet', '--return', '--command', shell, '/dev/null'], where);
}

async function finish(program: string, args: string[], { cwd, env, typed }: Where): Promise<Ended> {
  const child = spawn(program, args, {
    ...(cwd && { cwd }),
    // The colours of whoever runs the tests are not the command's, nor is their CI: Node shows none there.
    env: {
      ...process.env,
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      CI: undefined,
      TERM: 'xterm',
      ...env,
    },
    stdio: [typed ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  if (typed) {
    type(child, [...typed]);
  }
  const [printed, said, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close'),
  ]);
  return { code: code as number | null, printed, said };
}

function type({ stdin, stdout }: ChildProcess, typed: NonNullable<Where['typed']>): void {
  let written = '';
  stdout!.on('data', (chunk: Buffer) => {
    written += chunk;
    if (typed[0] && written.includes(typed[0].after)) {
      written = '';
      stdin!.write(typed.shift()!.keys);
    }
  });
}
