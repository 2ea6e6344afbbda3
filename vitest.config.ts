import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { configDefaults, defineConfig } from 'vitest/config';

/** Whole stacks, browsers and processes under load: each file has the machine for itself. */
const WHOLE_STACK = [
  'test/{browser,chaos,cookbook,integration}/**/*.test.ts',
  'test/api/{many-readers,outage}.test.ts',
  'test/cli/{demo,reload}.test.ts',
  'test/deploy/monitoring.test.ts',
];

/** Functions, files and pictures: no server, no model, nothing that changes its process. */
const PURE = [
  'test/{activities,contracts,media,storage,telemetry,web}/**/*.test.ts',
  'test/inference/{detect,image,matte}/**/*.test.ts',
  'test/{architecture,config,errors,security-document,web-imports}.test.ts',
];
const IMPURE = [
  // sharp's blocked formats count for a whole process, and these read some of them.
  'test/inference/{detect/batch,detect/detector-task,matte/matting-task}.test.ts',
  // Replaces the functions of node:fs.
  'test/storage/file-store/faults.test.ts',
];

const wholeStack = globSync(WHOLE_STACK);
const pure = globSync(PURE, { exclude: IMPURE });

/** Whether coverage is measured. */
const isMeasured = process.argv.includes('--coverage');

// Every test file and every process that a test starts compiles the same packages: 0.75 s of CPU without this, then 0.43 s.
// V8's coverage of code that comes from a cache is less precise.
if (!isMeasured) process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compile');

const project = (name: string, order: number, files: { include: string[]; exclude?: string[] }) => ({
  name,
  ...files,
  pool: 'forks' as const,
  // Threads of Temporal's that run workflows inherit it.
  execArgv: isMeasured ? ['--import', './test/harness/coverage/record.mjs'] : [],
  testTimeout: 30_000,
  hookTimeout: 120_000,
  // Temporal's answers take as long as they take on a busy machine.
  expect: { poll: { timeout: 10_000, interval: 50 } },
  maxWorkers: 2,
  sequence: { groupOrder: order },
});

/** For a project whose files share Temporal servers. */
const withTemporal = (name: string) => ({
  globalSetup: './test/harness/shared-temporal.ts',
  env: { SHARED_TEMPORAL: join(tmpdir(), `limelight-${process.pid}-${name}.sock`) },
});

export default defineConfig({
  test: {
    experimental: { fsModuleCache: true },
    coverage: {
      provider: 'custom',
      customProviderModule: './test/harness/coverage/provider.ts',
      include: ['src/**/*.ts'],
      reportsDirectory: 'out/coverage',
      reporter: ['text-summary', 'json-summary', 'html'],
      reportOnFailure: true,
      // Without real models and photos too many tests are skipped for the limit to mean anything.
      ...(process.env.MODELS_DIR && process.env.MEDIA_DIR && { thresholds: { lines: 90 } }),
    },
    projects: [
      { test: { ...project('pure', 0, { include: pure }), pool: 'threads', isolate: false, execArgv: [] } },
      {
        test: {
          ...project('service', 1, {
            include: ['test/**/*.test.ts'],
            exclude: [...configDefaults.exclude, ...pure, ...wholeStack],
          }),
          ...withTemporal('service'),
        },
      },
      {
        test: {
          ...project('whole-stack', 2, { include: wholeStack }),
          ...withTemporal('whole-stack'),
          maxWorkers: 1,
        },
      },
    ],
  },
});
