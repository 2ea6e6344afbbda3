import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment } from '../../src/config/read-environment.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';

const run = promisify(execFile);
const FOLDER = import.meta.dirname;

/** schemathesis in a Python of its own in the user cache; made once, which takes a minute. Rejects without Python. */
export async function prepareSchemathesis(): Promise<string> {
  const folder = join(dirname(loadConfig(readEnvironment()).models.cacheDir), 'schemathesis');
  const bin = join(folder, 'bin');
  const marker = join(folder, 'requirements.txt');
  const wanted = await readFile(join(FOLDER, 'requirements.txt'), 'utf8');
  if ((await readFile(marker, 'utf8').catch(() => '')) !== wanted) {
    await run('python3', ['-m', 'venv', folder]);
    const install = ['-m', 'pip', 'install', '--quiet', '-r', join(FOLDER, 'requirements.txt')];
    await run(join(bin, 'python'), install, { maxBuffer: 2 ** 24 });
    await writeFile(marker, wanted);
  }
  return join(bin, 'schemathesis');
}

export interface Findings {
  /** Of schemathesis: 0 where it found nothing. */
  exitCode: number;
  report: string;
}

/** All checks against a running server; the same seed is the same requests. */
export async function runSchemathesis(
  program: string,
  { url, seed, maxExamples, phases }: { url: string; seed: number; maxExamples: number; phases: string },
): Promise<Findings> {
  const media = await mkdtemp(join(tmpdir(), 'limelight-schemathesis-'));
  await writeFile(join(media, 'photo.png'), PHOTO);
  await writeFile(join(media, 'voice.wav'), VOICE);
  const settings = ['--checks', 'all', '--phases', phases, '--seed', String(seed), '-n', String(maxExamples)];
  const options = ['--no-color', '--continue-on-failure', '--generation-database', 'none'];
  const child = spawn(
    program,
    [
      '--config-file',
      join(FOLDER, 'schemathesis.toml'),
      'run',
      `${url}/openapi.json`,
      ...settings,
      ...options,
    ],
    {
      // What it remembers of a run lies where it runs.
      cwd: media,
      env: {
        ...process.env,
        LIMELIGHT_MEDIA: media,
        SCHEMATHESIS_HOOKS: 'hooks',
        PYTHONPATH: FOLDER,
        PYTHONDONTWRITEBYTECODE: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let report = '';
  child.stdout.on('data', (chunk) => {
    report += chunk;
  });
  child.stderr.on('data', (chunk) => {
    report += chunk;
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  await rm(media, { recursive: true, force: true });
  return { exitCode, report };
}
