import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readEnvironment } from '../../src/config/read-environment.ts';
import { loadConfig } from '../../src/process/load-config.ts';

const run = promisify(execFile);
const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));

/** A Python environment in the user cache. Created once, which takes minutes. */
export async function preparePython(): Promise<string> {
  const folder = join(dirname(loadConfig(readEnvironment()).models.cacheDir), 'bench-python');
  const python = join(folder, 'bin/python');
  const marker = join(folder, 'requirements.sha256');
  const wanted = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex');
  if ((await readFile(marker, 'utf8').catch(() => '')) !== wanted) {
    process.stderr.write(`Installing Python packages into ${folder} …\n`);
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS], { maxBuffer: 2 ** 24 });
    await writeFile(marker, wanted);
  }
  return python;
}
