import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { needs } from '../harness/needs.ts';
import type { ChaosReport } from './report.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/chaos.ts');
const SEED = '1';

// `npm run chaos` does far more of it.
needs('Go', 'user namespaces').it(
  'ends every job once, pays none twice and leaves nothing behind while everything is killed, stopped, cut off and full',
  async () => {
    const out = await mkdtemp(join(tmpdir(), 'limelight-chaos-report-'));
    const numbers = ['--jobs', '20', '--kills', '8', '--outages', '4', '--longest-outage', '8'];
    const child = spawn(process.execPath, [SCRIPT, '--seed', SEED, ...numbers, '--json', '--out', out], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    await rm(out, { recursive: true });
    const report = JSON.parse(printed) as ChaosReport;

    expect({ again: report.again, findings: report.findings, problems: report.problems }).toEqual({
      again: report.again,
      findings: [],
      problems: [],
    });
    expect(report.jobs.submitted).toBeGreaterThanOrEqual(20);
    expect(report.faults).toMatchObject({
      kills: 8,
      outages: { store: { count: 4 } },
      full_disks: { count: 1 },
    });
  },
  600_000,
);
