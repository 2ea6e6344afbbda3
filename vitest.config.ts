import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { configDefaults, defineConfig } from 'vitest/config';

/** Expect an answer within seconds of a busy stack: each file has the machine for itself. */
const ALONE = ['test/integration/gpu-slots.test.ts'];

/** Whole stacks, browsers, processes that are killed, and times of CPU: most of the time they wait, so that several fit on two cores. */
const WHOLE_STACK = [
  'test/{browser,chaos,cookbook,integration}/**/*.test.ts',
  'test/api/{many-readers,outage}.test.ts',
  'test/cli/{demo,reload}.test.ts',
  'test/deploy/monitoring.test.ts',
  'test/fuzz/http.test.ts',
];

/** Functions, files and pictures: no server, no model, nothing that changes its process. */
const PURE = [
  'test/{activities,contracts,media,storage,telemetry,web}/**/*.test.ts',
  'test/chaos/{check-evidence,gather-evidence,plan,task-reader,tcp-proxy}.test.ts',
  'test/inference/{detect,image,matte}/**/*.test.ts',
  'test/{architecture,config,errors,security-document,web-imports}.test.ts',
  'test/{client,emulators}/**/*.test.ts',
  'test/api/{admission,estimate-end,event-stream,forgotten,limits,partial-content,preview,progress-hub}.test.ts',
  'test/api/{socket-reader,task-id,wait-preference}.test.ts',
  'test/cli/{log-line,media-files,progress-lines,status-lines,table,timeline-lines}.test.ts',
  'test/inference/runtime/run-together.test.ts',
  'test/models/{catalogue,pull-model}.test.ts',
  'test/outbound/download-resumable.test.ts',
  'test/process/device-memory.test.ts',
  'test/providers/d-id/{find-talk,mock-agent}.test.ts',
  'test/providers/local/{lids,motion,picture,voice-features}.test.ts',
  'test/scripts/{audit,lockfile,test-summary}.test.ts',
  'test/slots/slot-folder.test.ts',
  'test/temporal/{history-timeline,page-cursor,payload-codec,temporal-error,workflow-slots}.test.ts',
  'test/workers/worker-http.test.ts',
  'test/workflows/breaker-{load,state}.test.ts',
];
const IMPURE = [
  // sharp's blocked formats count for a whole process, and these read some of them.
  'test/inference/{detect/batch,detect/detector-task,matte/matting-task}.test.ts',
  // Replaces the functions of node:fs.
  'test/storage/file-store/faults.test.ts',
];

const wholeStack = globSync(WHOLE_STACK, { exclude: [...ALONE, ...PURE] });
const pure = globSync(PURE, { exclude: IMPURE });

/** Whether coverage is measured. */
const isMeasured = process.argv.includes('--coverage');

// Every test file and every process that a test starts compiles the same packages: 0.75 s of CPU without this, then 0.43 s.
const compileCache =
  process.env.NODE_COMPILE_CACHE ?? join(import.meta.dirname, 'node_modules/.cache/compile');
// V8's coverage of code that comes from a cache is less precise.
if (isMeasured) process.env.NODE_DISABLE_COMPILE_CACHE = '1';
else process.env.NODE_COMPILE_CACHE = compileCache;

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

/** Coverage is not measured here. V8 takes 1.7 times as long with it, and it is measured in what these stacks consist of. */
const stacks = (name: string, order: number, files: string[], maxWorkers: number) => {
  const { env, ...temporal } = withTemporal(name);
  return {
    ...project(name, order, { include: files }),
    ...temporal,
    env: { ...env, NODE_COMPILE_CACHE: compileCache, LIMELIGHT_UNMEASURED: 'true' },
    execArgv: [],
    maxWorkers,
  };
};

export default defineConfig({
  test: {
    experimental: { fsModuleCache: true },
    coverage: {
      provider: 'custom',
      customProviderModule: './test/harness/coverage/module.ts',
      include: ['src/**/*.ts'],
      reportsDirectory: 'out/coverage',
      reporter: ['text-summary', 'json-summary', 'html'],
      reportOnFailure: true,
      // Without real models and photos too many tests are skipped for the limit to mean anything.
      ...(process.env.MODELS_DIR && process.env.MEDIA_DIR && { thresholds: { lines: 90 } }),
    },
    projects: [
      // In processes: a thread that used a codec never ends, and keeps a core busy until it does.
      { test: { ...project('pure', 0, { include: pure }), isolate: false, execArgv: [] } },
      {
        test: {
          ...project('service', 1, {
            include: ['test/**/*.test.ts'],
            exclude: [...configDefaults.exclude, ...pure, ...wholeStack, ...ALONE],
          }),
          ...withTemporal('service'),
          // They wait for Temporal's timers more than they compute.
          maxWorkers: 3,
        },
      },
      { test: stacks('whole-stack', 2, wholeStack, 3) },
      { test: stacks('alone', 3, ALONE, 1) },
    ],
  },
});
