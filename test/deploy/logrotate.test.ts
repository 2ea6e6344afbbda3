import { execFile, execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { needs } from '../harness/needs.ts';

const CONFIGURATION = join(import.meta.dirname, '../../deploy/logrotate/limelight');
const WARNING = '{"level":"warn","msg":"planted:x:0:0::/root:/bin/sh"}\n';

/** A machine whose user `limelight` is `nobody`, with one log. */
async function installed() {
  const root = await mkdtemp(join(tmpdir(), 'limelight-logrotate-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await chmod(root, 0o755);
  const state = join(root, 'state');
  const logs = join(state, 'logs');
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })),
  ) as [number, number];
  const group = execFileSync('id', ['-gn', 'nobody'], { encoding: 'utf8' }).trim();
  const own = async (path: string, mode: number) => {
    chownSync(path, uid, gid);
    await chmod(path, mode);
  };
  await mkdir(logs, { recursive: true });
  await writeFile(join(logs, 'io.log'), WARNING);
  await own(state, 0o700);
  await own(logs, 0o700);
  await own(join(logs, 'io.log'), 0o600);
  const configuration = (await readFile(CONFIGURATION, 'utf8'))
    .replaceAll('/var/lib/limelight', state)
    .replaceAll('su limelight limelight', `su nobody ${group}`)
    .replaceAll('-u limelight', '-u nobody');
  await writeFile(join(root, 'limelight'), configuration, { mode: 0o644 });
  const rotate = () =>
    promisify(execFile)('logrotate', ['--force', '--state', join(root, 'status'), join(root, 'limelight')]);
  return { root, logs, rotate };
}

needs('logrotate', { root: process.getuid?.() === 0 }).describe('logrotate', () => {
  it('never writes through a link that the user of the logs planted', async () => {
    const { root, logs, rotate } = await installed();
    const victim = join(root, 'passwd');
    await writeFile(victim, 'root:x:0:0::/root:/bin/sh\n', { mode: 0o644 });
    await symlink(victim, join(logs, 'faults.jsonl'));

    await rotate().catch(() => {});

    expect(await readFile(victim, 'utf8')).toBe('root:x:0:0::/root:/bin/sh\n');
  });

  it('rotates the logs, and keeps warnings in a private file', async () => {
    const { logs, rotate } = await installed();

    await rotate();

    expect(await readFile(join(logs, 'io.log'), 'utf8')).toBe('');
    expect(await readFile(join(logs, 'io.log.1'), 'utf8')).toBe(WARNING);
    // It is rotated in the same run, after the logs.
    const kept = await stat(join(logs, 'faults.jsonl')).catch(() => stat(join(logs, 'faults.jsonl.1.gz')));
    expect(kept.mode & 0o777).toBe(0o600);
  });
});
