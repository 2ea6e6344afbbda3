/**
 * `npm run quick-start`: runs the commands of the README in a fresh clone with an empty home, and prints how long each took.
 * Fails if the first video takes longer than promised. `npm test` only checks that the commands exist.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../src/cli/stack/free-port.ts';
import { shellLinesOf } from './quick-start/shell-lines.ts';

/** For two free cores and a fast connection. */
const MAX_FIRST_S = 60;
const MAX_SECOND_S = 10;
const ROOT = join(import.meta.dirname, '..');
const say = (line: string) => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'limelight-quick-start-'));
const clone = join(folder, 'limelight');
const home = join(folder, 'home');
const ports = await Promise.all(Array.from({ length: 5 }, freePort));
const env: Record<string, string | undefined> = {
  ...process.env,
  // Uses the system's Node and npm, as in a terminal, and not those of this clone.
  PATH: (process.env.PATH ?? '')
    .split(':')
    .filter((dir) => !dir.includes('node_modules'))
    .join(':'),
  HOME: home,
  XDG_CACHE_HOME: undefined,
  // Of this `npm run`.
  npm_config_cache: undefined,
  NODE_ENV: undefined,
  npm_execpath: undefined,
  MODELS_DIR: '',
  API_PORT: String(ports[0]),
  TEMPORAL_PORT: String(ports[1]),
  TEMPORAL_UI_PORT: String(ports[2]),
  IO_HTTP_PORT: String(ports[3]),
  GPU_HTTP_PORT: String(ports[4]),
};

/** @returns the seconds that it took */
function run(line: string): number {
  const startedAt = Date.now();
  say(`\n$ ${line}`);
  const local = line.replaceAll(':55433', `:${env.API_PORT}`);
  execFileSync('sh', ['-c', local], { cwd: clone, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = (Date.now() - startedAt) / 1000;
  say(`\n(${seconds.toFixed(1)} s)`);
  return seconds;
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
  mkdirSync(home);
  execFileSync('git', ['clone', '--quiet', ROOT, clone], { stdio: 'inherit' });
  copyFileSync(join(ROOT, 'samples/portrait.jpg'), join(clone, 'me.jpg'));
  copyFileSync(join(ROOT, 'samples/voice.wav'), join(clone, 'hello.m4a'));
  const readme = readFileSync(join(clone, 'README.md'), 'utf8');
  const [demo, start] = shellLinesOf(readme, 'Two commands') as [string, string];
  const firstS = run(demo);
  assertVideo('out/demo.mp4');
  const secondS = run(demo);
  await withServer(start, () => {
    for (const line of shellLinesOf(readme, 'With the server')) {
      run(line);
    }
    // On the server that runs.
    run(demo);
  });
  assertVideo('me.mp4');
  say('\nThe commands of the README work.');
  const isMet = firstS <= MAX_FIRST_S && secondS <= MAX_SECOND_S;
  say(
    `First video: ${firstS.toFixed(1)} s of at most ${MAX_FIRST_S}; again: ${secondS.toFixed(1)} s of at most ${MAX_SECOND_S}: ${isMet ? 'met' : 'MISSED'}`,
  );
  process.exitCode = isMet ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
