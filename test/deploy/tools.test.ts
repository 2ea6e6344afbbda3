import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { composeCommand, needs } from '../harness/needs.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = (program: string, args: string[]) =>
  spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', timeout: 60_000 });

needs('docker compose').describe('the compose file', () => {
  const ALWAYS = [
    ...['api', 'grafana', 'io', 'postgres', 'prometheus'],
    ...['temporal', 'temporal-namespace', 'temporal-schema'],
  ];

  it.each([
    ['cpu', 'gpu-cpu'],
    ['gpu', 'gpu'],
    ['web-ui', 'temporal-ui'],
    ['codec', 'codec-server'],
  ])('is valid for docker compose with the profile %s, which adds %s', (profile, service) => {
    const [program, ...args] = composeCommand()!;
    const { status, stdout, stderr } = run(program!, [...args, '--profile', profile, 'config', '--services']);
    expect(status, stderr).toBe(0);
    expect(stdout.trim().split('\n').sort()).toEqual([...ALWAYS, service].sort());
  });
});

needs('hadolint').describe('the Dockerfile', () => {
  it('passes hadolint', () => {
    const { status, stdout } = run('hadolint', ['Dockerfile']);
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

needs('systemd-analyze').describe('the units', () => {
  it.each(['api', 'io', 'gpu'])('limelight-%s is valid for systemd', (role) => {
    const folder = mkdtempSync(join(tmpdir(), 'limelight-units-'));
    try {
      const unit = readFileSync(join(ROOT, `deploy/systemd/limelight-${role}.service`), 'utf8');
      const path = join(folder, `limelight-${role}.service`);
      writeFileSync(path, unit.replaceAll('/opt/limelight', ROOT));
      const { status, stderr } = run('systemd-analyze', ['verify', '--man=no', path]);
      // It also reports other units of the machine.
      expect(stderr.split('\n').filter((line) => line.includes('limelight'))).toEqual([]);
      expect(status, stderr).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
