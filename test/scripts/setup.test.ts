import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary, TEMPORAL_PROGRAM } from '../../src/temporal/binary.ts';

const SCRIPTS = join(import.meta.dirname, '../../scripts');

/** A clone with scripts and a lock file, and a PATH with an npm and a temporal that the test controls. */
describe('setup', () => {
  let clone: string;
  let bin: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limelight-setup-test-'));
    clone = join(folder, 'clone');
    bin = join(folder, 'bin');
    await cp(SCRIPTS, join(clone, 'scripts'), { recursive: true });
    await mkdir(bin);
    await writeFile(join(clone, 'package-lock.json'), lockFile('1.0.0'));
    env = {
      PATH: [bin, '/usr/bin', '/bin'].join(delimiter),
      XDG_CACHE_HOME: join(folder, 'cache'),
      HOME: folder,
    };
    await program('temporal', 'exit 0');
    // Has the effects of `npm ci` that the setup needs: packages with Node 24, and npm's own list of them at the end.
    await program(
      'npm',
      `cd "${clone}" && echo "$@" >> npm-calls && sleep "\${NPM_SECONDS:-0}" && mkdir -p node_modules/.bin &&
       cp "${join(bin, 'installed-node')}" node_modules/.bin/node &&
       cp package-lock.json node_modules/.package-lock.json`,
    );
    for (const [name, answer] of [
      ['node', 'system'],
      ['installed-node', 'installed'],
    ] as const) {
      await program(name, `[ "$1" = who ] && echo ${answer} || exec "${process.execPath}" "$@"`);
    }
  });

  afterEach(() => rm(dirname(clone), { recursive: true, force: true }));

  const program = async (name: string, script: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  };
  const lockFile = (version: string) =>
    JSON.stringify({
      packages: {
        '': { version: '0.1.0' },
        'node_modules/pino': { version },
        'node_modules/of-another-platform': { version, optional: true },
      },
    });
  const npmCalls = async () =>
    (await readFile(join(clone, 'npm-calls'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const setUp = async (more: Record<string, string> = {}, ...args: string[]) => {
    const command = [join(clone, 'scripts/setup.mjs'), ...args];
    try {
      const { stderr } = await promisify(execFile)(process.execPath, command, { env: { ...env, ...more } });
      return { code: 0, said: stderr };
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, said: stderr };
    }
  };

  it('installs the packages of a fresh clone once', async () => {
    expect((await setUp()).code).toBe(0);
    expect(await npmCalls()).toEqual([expect.stringMatching(/^ci --include=dev/)]);

    expect(await setUp({}, '--quiet-when-ready')).toEqual({ code: 0, said: '' });
    expect(await npmCalls()).toHaveLength(1);
  });

  it('reports with --check what is missing, and installs nothing', async () => {
    const check = () =>
      promisify(execFile)(process.execPath, [join(clone, 'scripts/setup.mjs'), '--check'], { env }).then(
        ({ stdout }) => stdout,
        ({ stdout }) => stdout,
      );

    expect(await check()).toContain('the npm packages are not those of package-lock.json');
    expect(await npmCalls()).toEqual([]);

    await setUp();
    expect(await check()).toBe('');
  });

  it('installs again when the lock file asks for another version', async () => {
    await setUp();
    await writeFile(join(clone, 'package-lock.json'), lockFile('2.0.0'));

    expect((await setUp()).code).toBe(0);

    expect(await npmCalls()).toHaveLength(2);
  });

  it('installs once when two setups start at once', async () => {
    const results = await Promise.all([setUp({ NPM_SECONDS: '1' }), setUp({ NPM_SECONDS: '1' })]);

    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(await npmCalls()).toHaveLength(1);
  });

  it('takes over from a setup that was killed', async () => {
    const killed = spawn(process.execPath, [join(clone, 'scripts/setup.mjs')], {
      env: { ...env, NPM_SECONDS: '2' },
    });
    await once(killed.stderr, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');

    expect((await setUp()).code).toBe(0);
  });

  it('shows npm’s output and the next step if npm fails', async () => {
    await program('npm', 'echo "npm error code EUSAGE" >&2; exit 1');

    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toContain('npm error code EUSAGE');
    expect(said).toContain('Check that npm');
  });

  it('finds the Temporal CLI in the cache, like the server', async () => {
    await setUp();
    const cached = join(env.XDG_CACHE_HOME!, 'limelight/bin', TEMPORAL_PROGRAM);
    await mkdir(dirname(cached), { recursive: true });
    await copyFile(join(bin, 'temporal'), cached);
    await rm(join(bin, 'temporal'));

    expect(await setUp({}, '--quiet-when-ready')).toEqual({ code: 0, said: '' });
    expect(findTemporalBinary(env)).toBe(cached);
  });

  it('needs no Temporal CLI if TEMPORAL_ADDRESS is set', async () => {
    await rm(join(bin, 'temporal'));

    expect((await setUp({ TEMPORAL_ADDRESS: 'temporal.example:7233' })).code).toBe(0);
  });

  it('builds the Temporal CLI with Go, and with a newer SQLite driver than it names', async () => {
    await rm(join(bin, 'temporal'));
    await program(
      'go',
      `echo "$@" >> "${join(clone, 'go-calls')}"
       [ "$1" != build ] || { printf "#!/bin/sh\nexit 0\n" > ../temporal && chmod +x ../temporal; }`,
    );

    const { code, said } = await setUp();

    expect(code).toBe(0);
    expect(said).toContain('4 to 5 minutes');
    expect(said).not.toContain('downloading');
    expect(await readFile(join(clone, 'go-calls'), 'utf8')).toMatch(
      /^get github.com\/temporalio\/cli\/cmd\/temporal@v1\.\S+ modernc.org\/sqlite@v1\.51\.0$/m,
    );
    expect(findTemporalBinary(env)).toContain(env.XDG_CACHE_HOME);
  });

  it('downloads the Temporal CLI if Go is missing or cannot build it', async () => {
    await rm(join(bin, 'temporal'));
    await program('go', '[ "$1" = version ] || { echo "go: no network" >&2; exit 1; }');
    const download = 'scripts/setup/download-temporal.mjs';
    await writeFile(
      join(clone, download),
      `import { writeFileSync } from 'node:fs';
       writeFileSync(process.argv[3] + '/temporal-cli', '#!/bin/sh\\nexit 0\\n', { mode: 0o755 });`,
    );

    const { code, said } = await setUp();

    expect(code).toBe(0);
    expect(said).toContain('the build failed (go: no network)');
    expect(findTemporalBinary(env)).toContain(env.XDG_CACHE_HOME);
  });

  it('leaves neither a lock nor a partial program behind at Ctrl-C', async () => {
    await rm(join(bin, 'temporal'));
    await program('go', '[ "$1" = version ] || exec sleep 60');
    const stopped = spawn(process.execPath, [join(clone, 'scripts/setup.mjs')], { env });
    for await (const line of createInterface({ input: stopped.stderr })) {
      if (line.includes('with Go')) {
        stopped.kill('SIGINT');
      }
    }

    expect(stopped.exitCode ?? (await once(stopped, 'exit'))[0]).toBe(130);
    expect(await readdir(join(env.XDG_CACHE_HOME!, 'limelight/bin'))).toEqual([]);
  });

  it('lists alternatives if no Temporal CLI is available', async () => {
    await rm(join(bin, 'temporal'));
    await program('go', '[ "$1" = version ] || { echo "go: no network" >&2; exit 1; }');

    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toContain('go: no network');
    expect(said).toContain('install the Temporal CLI');
    expect(said).toContain('set TEMPORAL_ADDRESS');
  });

  it('runs the rest of an npm script with the Node that it has installed', async () => {
    const manifest = await readFile(join(SCRIPTS, '../package.json'), 'utf8');
    const script: string = JSON.parse(manifest).scripts.demo.replace('src/cli/main.ts demo', 'who');
    const path = [join(clone, 'node_modules/.bin'), env.PATH].join(delimiter);

    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script], {
      cwd: clone,
      env: { ...env, PATH: path },
    });

    expect(stdout).toBe('installed\n');
  });
});
