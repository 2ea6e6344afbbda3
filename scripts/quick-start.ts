/**
 * `npm run quick-start`: runs the commands of the README in a fresh clone, and prints how long each took. Takes
 * minutes, because it installs the npm packages; `npm test` only checks that the commands exist.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../src/cli/stack/free-port.ts';
import { shellLinesOf } from './quick-start/shell-lines.ts';

const ROOT = join(import.meta.dirname, '..');
const say = (line: string) => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'limelight-quick-start-'));
const clone = join(folder, 'limelight');
const ports = await Promise.all(Array.from({ length: 5 }, freePort));
const env: Record<string, string | undefined> = {
  ...process.env,
  // Uses the system's Node and npm, as in a terminal, and not those of this clone.
  PATH: (process.env.PATH ?? '')
    .split(':')
    .filter((dir) => !dir.includes('node_modules'))
    .join(':'),
  NODE_ENV: undefined,
  npm_execpath: undefined,
  MODELS_DIR: '',
  API_PORT: String(ports[0]),
  TEMPORAL_PORT: String(ports[1]),
  TEMPORAL_UI_PORT: String(ports[2]),
  IO_HTTP_PORT: String(ports[3]),
  GPU_HTTP_PORT: String(ports[4]),
  // A device name of its own, because another stack may run on this machine.
  CUDA_VISIBLE_DEVICES: `quick-start-${process.pid}`,
};

function run(line: string): void {
  const startedAt = Date.now();
  say(`\n$ ${line}`);
  const local = line.replaceAll(':55433', `:${env.API_PORT}`);
  execFileSync('sh', ['-c', local], { cwd: clone, env, stdio: ['ignore', 'inherit', 'inherit'] });
  say(`\n(${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}

function assertVideo(name: string): void {
  if (readFileSync(join(clone, name)).subarray(4, 8).toString() !== 'ftyp') {
    throw new Error(`${name} is not a video`);
  }
}

async function withServer(line: string, use: () => void): Promise<void> {
  say(`\n$ ${line}`);
  const server = spawn('sh', ['-c', `exec ${line}`], {
    cwd: clone,
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
    // Its own process group, which gets signals like Ctrl-C in a terminal.
    detached: true,
  });
  const ready = Promise.withResolvers<void>();
  createInterface({ input: server.stderr }).on('line', (said) => {
    say(said);
    if (said.startsWith('Ready')) ready.resolve();
  });
  server.once('exit', (code) => ready.reject(new Error(`${line} ended with ${code} before it was ready`)));
  try {
    await ready.promise;
    use();
  } finally {
    if (server.exitCode === null) {
      process.kill(-server.pid!, 'SIGINT');
      await once(server, 'exit');
    }
  }
}

try {
  execFileSync('git', ['clone', '--quiet', ROOT, clone], { stdio: 'inherit' });
  copyFileSync(join(ROOT, 'samples/portrait.jpg'), join(clone, 'me.jpg'));
  copyFileSync(join(ROOT, 'samples/voice.wav'), join(clone, 'hello.m4a'));
  const readme = readFileSync(join(clone, 'README.md'), 'utf8');
  const [demo, start] = shellLinesOf(readme, 'Two commands') as [string, string];
  run(demo);
  assertVideo('out/demo.mp4');
  run('node scripts/setup.mjs --quiet-when-ready');
  await withServer(start, () => {
    for (const line of shellLinesOf(readme, 'With the server')) {
      run(line);
    }
  });
  assertVideo('me.mp4');
  say('\nThe commands of the README work.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
