import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createApp } from '../src/api/app.ts';
import { JobOptions } from '../src/contracts/schemas/job-options.ts';
import { RUNNING_STAGES } from '../src/contracts/stages.ts';
import { describedApi } from './harness/api/described-api.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('docs/http-api.md', () => {
  const page = read('docs/http-api.md');
  const fields = page.slice(page.indexOf('## Submit'));

  it.each(Object.keys(JobOptions.shape))('has a row for the field %s', (name) => {
    expect(fields.includes(`| \`${name}\``), `Add a row for ${name} to the table of fields`).toBe(true);
  });

  const paths = createApp(describedApi())
    .routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/'))
    .map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}'));

  it.each([...new Set(paths)])('has a line for %s', (path) => {
    // Files of a task share a row: `GET …/video`, `cutout`, `mask`.
    const last = path.split('/').at(-1)!;
    const isThere = page.includes(path) || page.includes(`\`${last}\``);
    expect(isThere, `Add a line for ${path}`).toBe(true);
  });
});

describe('docs/architecture.md', () => {
  const page = read('docs/architecture.md');

  it.each(RUNNING_STAGES)('has a row for the stage %s', (stage) => {
    const isThere = new RegExp(`^\\|[^|]*\\b${stage}\\b`, 'm').test(page);
    expect(isThere, `Add a row for ${stage} to the table of stages`).toBe(true);
  });
});

describe('docs/operations.md', () => {
  const page = read('docs/operations.md');
  const cells = [...page.matchAll(/`([a-z_…]+)(?:\{[^`]*\})?`/g)].map(([, cell]) => cell!);
  const names = globSync('src/telemetry/metrics/*.ts', { cwd: ROOT }).flatMap((file) =>
    [...read(file).matchAll(/name: '(\w+_\w+)'/g)].map(([, name]) => name!),
  );

  it('is compared with all metrics', () => {
    expect(names.length).toBeGreaterThan(25);
  });

  it.each(names)('has the metric %s', (name) => {
    // `…_total` stands for another metric of the same row, `limelight_slot_…` for all that begin so.
    const isThere = cells.some((cell) =>
      cell.startsWith('…')
        ? name.endsWith(cell.slice(1))
        : cell.endsWith('…')
          ? name.startsWith(cell.slice(0, -1))
          : name === cell,
    );
    expect(isThere, `Add ${name} to the table of metrics`).toBe(true);
  });
});
