import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../harness/needs.ts';

const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'deploy/prometheus');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const alerts = [...read('deploy/prometheus/rules.yml').matchAll(/^ {6}- alert: (\w+)$/gm)].map(
  ([, name]) => name!,
);

needs('promtool').describe('the alerts, by promtool', () => {
  it('are valid rules and a valid configuration for Prometheus', () => {
    execFileSync('promtool', ['check', 'rules', join(RULES, 'rules.yml')]);
    execFileSync('promtool', ['check', 'config', '--syntax-only', join(RULES, 'prometheus.yml')]);
  });

  it('fire when they should and not before', () => {
    const { status, stdout, stderr } = spawnSync('promtool', [
      'test',
      'rules',
      join(RULES, 'rules.test.yml'),
    ]);
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});

describe('each alert', () => {
  const tests = read('deploy/prometheus/rules.test.yml');
  const runbook = read('docs/operations.md');

  it.each(alerts)('%s has a test in which it fires, a runbook paragraph, and a link to it', (alert) => {
    expect(tests).toMatch(new RegExp(`alertname: ${alert}(\\n\\s+|, )exp_alerts:`));
    expect(runbook).toMatch(new RegExp(`^### ${alert}\\n\\n\\S.{80}`, 'm'));
    expect(read('deploy/prometheus/rules.yml')).toContain(`docs/operations.md#${alert.toLowerCase()}`);
  });

  it('exists in the runbook and in the rules', () => {
    const paragraphs = [...runbook.matchAll(/^### (Limelight\w+)$/gm)].map(([, name]) => name);
    expect(alerts.length).toBeGreaterThan(8);
    expect(paragraphs.sort()).toEqual(alerts.toSorted());
  });
});

interface Dashboard {
  uid: string;
  panels: Array<{ id: number; description: string; gridPos: { x: number; y: number; w: number; h: number } }>;
}

const dashboards = globSync('deploy/grafana/dashboards/*.json', { cwd: ROOT }).map(
  (file): [string, Dashboard] => [basename(file, '.json'), JSON.parse(read(file)) as Dashboard],
);

describe('the dashboards', () => {
  it('are four with distinct ids', () => {
    expect(dashboards.map(([name]) => name).sort()).toEqual(['gpu', 'overview', 'provider', 'storage']);
    for (const [name, { uid }] of dashboards) {
      expect(uid).toBe(`limelight-${name}`);
    }
  });

  it.each(dashboards)('%s describes each panel, and no panel covers another', (_name, { panels }) => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(panels.every(({ description }) => description.length >= 10)).toBe(true);
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});
