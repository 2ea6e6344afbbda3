import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The parts of `src`: folders and files by how their paths begin. The first that fits is a file's part. */
const PARTS: ReadonlyArray<[part: string, ...paths: string[]]> = [
  ['composition', 'workers/', 'cli/', 'api/main.ts', 'api/run-api.ts', 'process/'],
  ['emulators', 'emulators/'],
  ['ports', 'ports/'],
  ['file-store', 'storage/file/'],
  ['s3-store', 'storage/s3/'],
  ['local provider', 'providers/local/'],
  ['d-id provider', 'providers/d-id/'],
  ['errors', 'errors.ts'],
  ['version', 'config/version.ts'],
  ['hash-file', 'hash-file.ts'],
  ['config', 'config/'],
  ...[
    'contracts',
    'outbound',
    'workflows',
    'activities',
    'api',
    'slots',
    'inference',
    'models',
    'media',
    'storage',
    'telemetry',
    'temporal',
    'client',
  ].map((folder): [string, string] => [folder, `${folder}/`]),
];

interface Imports {
  /** Parts whose values may be used; every part may use its own. */
  value: string[];
  /** Parts of which only types may be named, besides those. */
  type: string[];
  /** Packages; `node:*` are Node's own modules. Without it: all that `PACKAGES` leaves to this part. */
  packages?: string[];
}

/**
 * Who may import whom. This table is the architecture; `docs/architecture.md` quotes it. No part but the composition names
 * an adapter (a store, a provider), so adapters never know of each other.
 */
const MAY_IMPORT: Record<string, Imports> = {
  contracts: { value: [], type: [], packages: [] },
  errors: { value: ['contracts'], type: [], packages: [] },
  version: { value: [], type: [], packages: ['node:*'] },
  config: { value: ['errors'], type: [], packages: ['node:*', 'zod'] },
  'hash-file': { value: [], type: [], packages: ['node:*'] },
  ports: { value: [], type: ['contracts'], packages: ['node:*'] },
  workflows: {
    value: ['contracts'],
    type: ['activities', 'ports'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
  },
  activities: {
    value: ['contracts', 'errors', 'media'],
    type: ['ports'],
    packages: ['node:*', '@temporalio/activity', 'standardwebhooks'],
  },
  telemetry: { value: ['contracts', 'errors'], type: ['ports', 'config'] },
  slots: { value: ['contracts', 'errors'], type: ['ports', 'telemetry'], packages: ['node:*'] },
  inference: { value: ['contracts', 'errors', 'slots'], type: ['ports', 'config', 'telemetry'] },
  models: {
    value: ['contracts', 'errors', 'hash-file', 'inference', 'outbound'],
    type: ['ports', 'config'],
    packages: ['node:*', 'zod'],
  },
  media: { value: ['contracts', 'errors', 'slots'], type: ['ports', 'config', 'telemetry'] },
  'local provider': {
    value: ['contracts', 'errors', 'slots', 'inference', 'media'],
    type: ['ports', 'config', 'telemetry'],
  },
  'd-id provider': {
    value: ['contracts', 'errors', 'media', 'outbound'],
    type: ['ports', 'config', 'telemetry'],
  },
  emulators: { value: ['media'], type: [] },
  storage: { value: ['contracts', 'errors', 'hash-file'], type: ['ports', 'config', 'telemetry'] },
  'file-store': { value: ['contracts', 'errors', 'storage'], type: ['ports', 'config', 'telemetry'] },
  's3-store': {
    value: ['contracts', 'errors', 'hash-file', 'storage'],
    type: ['ports', 'config', 'telemetry'],
  },
  outbound: { value: ['contracts', 'errors', 'hash-file'], type: ['ports'], packages: ['node:*', 'undici'] },
  temporal: { value: ['contracts', 'errors'], type: ['ports', 'config', 'telemetry'] },
  // It runs in browsers: no module of Node's.
  client: { value: ['contracts', 'errors'], type: [], packages: ['eventsource-parser'] },
  api: {
    value: ['contracts', 'errors', 'media', 'outbound', 'telemetry', 'version'],
    type: ['ports', 'config'],
  },
  composition: { value: PARTS.map(([part]) => part), type: [] },
};

/** Packages that belong to some parts only. */
const PACKAGES: Record<string, string[]> = {
  '@temporalio/workflow': ['workflows'],
  '@temporalio/activity': ['activities', 'composition'],
  '@opentelemetry/api': ['telemetry', 'api', 'composition'],
  '@temporalio/worker': ['composition', 'temporal'],
  '@temporalio/client': ['composition', 'temporal'],
  '@temporalio/proto': ['temporal'],
  '@temporalio/common': ['workflows', 'temporal', 'composition'],
  '@temporalio/testing': [],
  hono: ['api', 'emulators'],
  '@hono/zod-openapi': ['api'],
  'swagger-ui-dist': ['api'],
  '@hono/node-server': ['api', 'emulators'],
  '@aws-sdk/client-s3': ['s3-store'],
  '@aws-sdk/lib-storage': ['s3-store'],
  '@aws-sdk/s3-request-presigner': ['s3-store'],
  '@fastify/busboy': ['api'],
  ws: ['api'],
  'onnxruntime-node': ['inference'],
  sharp: ['inference', 'media', 'local provider'],
  mediabunny: ['media'],
  '@napi-rs/webcodecs': ['media'],
  pino: ['telemetry'],
  '@opentelemetry/sdk-trace': ['telemetry'],
  '@opentelemetry/exporter-trace-otlp-http': ['telemetry'],
  'prom-client': ['telemetry'],
};

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

interface Import {
  from: string;
  specifier: string;
  isType: boolean;
}

const files = globSync('{src,emulators}/**/*.{ts,js,mjs,cjs}', { cwd: ROOT }).sort();
const sourceOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const imports = files.flatMap((from) => importsOf(from, sourceOf(from)));

function importsOf(from: string, source: string): Import[] {
  return [...source.matchAll(IMPORT)].map(([, type, specifier, dynamic]) => ({
    from,
    specifier: (specifier ?? dynamic)!,
    isType: type !== undefined,
  }));
}

function partOf(file: string): string | undefined {
  const path = file.replace(/^src\//, '');
  return PARTS.find(([, ...paths]) =>
    paths.some((part) => path === part || (part.endsWith('/') && path.startsWith(part))),
  )?.[0];
}

/** What is wrong with an import, as a sentence. */
function faultOf({ from, specifier, isType }: Import): string | undefined {
  const part = partOf(from);
  const row = part === undefined ? undefined : MAY_IMPORT[part];
  if (!part || !row) {
    return `${from} belongs to no part: give it a row in MAY_IMPORT, or a folder that has one.`;
  }
  return specifier.startsWith('.')
    ? partFault(from, part, row, normalize(join(dirname(from), specifier)), isType)
    : packageFault(from, part, row, specifier, isType);
}

function partFault(
  from: string,
  part: string,
  row: Imports,
  target: string,
  isType: boolean,
): string | undefined {
  const other = partOf(target);
  if (!existsSync(join(ROOT, target)) || !other) {
    return `${from} imports ${target}, which is no source file of a part.`;
  }
  if (isType ? [part, ...row.value, ...row.type].includes(other) : allowedValues(part, row).includes(other)) {
    return undefined;
  }
  const only =
    row.type.includes(other) || part === 'ports' ? ' a value of it: `import type` is all it may' : '';
  return `${from} (${part}) must not import ${target} (${other})${only}.`;
}

/** A port is words only: not even another port's values. */
function allowedValues(part: string, row: Imports): string[] {
  return part === 'ports' ? [] : [part, ...row.value];
}

function packageFault(
  from: string,
  part: string,
  row: Imports,
  specifier: string,
  isType: boolean,
): string | undefined {
  const name = isBuiltin(specifier)
    ? 'node:*'
    : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (part === 'ports' && !isType) {
    return `${from} is a port and must not import a value of ${specifier}.`;
  }
  if (row.packages && !row.packages.includes(name)) {
    return `${from} (${part}) must not import ${specifier}: of packages it may import ${row.packages.join(', ') || 'none'}.`;
  }
  if (PACKAGES[name] && !PACKAGES[name].includes(part)) {
    return `${from} (${part}) must not import ${specifier}: ${PACKAGES[name].join(' and ') || 'tests'} alone may.`;
  }
  return undefined;
}

describe('the architecture', () => {
  it('has every import that the table allows, and no other', () => {
    expect(imports.length).toBeGreaterThan(files.length);
    expect(imports.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('has no part without files, so that no rule guards a name that is gone', () => {
    const missing = PARTS.flatMap(([, ...paths]) =>
      paths.filter((path) => !existsSync(join(ROOT, 'src', path)) && !existsSync(join(ROOT, path))),
    );
    expect(missing).toEqual([]);
    expect(Object.keys(MAY_IMPORT).sort()).toEqual(PARTS.map(([part]) => part).sort());
  });

  it.each([
    [
      'src/contracts/job.ts',
      "import { z } from 'zod';",
      'contracts) must not import zod: of packages it may import none',
    ],
    [
      'src/workflows/a.ts',
      "import type { z } from 'zod';",
      'of packages it may import @temporalio/workflow, @temporalio/common',
    ],
    ['src/workflows/a.ts', "import { join } from 'node:path';", 'must not import node:path'],
    [
      'src/workflows/a.ts',
      "import { createRecordActivities } from '../activities/records.ts';",
      'a value of it: `import type`',
    ],
    ['src/workflows/a.ts', "export { x } from '../errors.ts';", 'must not import src/errors.ts (errors)'],
    [
      'src/ports/object-store.ts',
      "import { Readable } from 'node:stream';",
      'is a port and must not import a value',
    ],
    [
      'src/ports/object-store.ts',
      "import { PROVIDERS } from '../contracts/job.ts';",
      'must not import src/contracts/job.ts',
    ],
    [
      'src/storage/s3/s3-store.ts',
      "import { openFile } from '../file/read.ts';",
      '(s3-store) must not import src/storage/file/read.ts (file-store)',
    ],
    [
      'src/storage/file/file-store.ts',
      "import type { x } from '../../providers/local/renderer-pool.ts';",
      '(file-store) must not import',
    ],
    [
      'src/api/app.ts',
      "import {\n  createFileStore,\n} from '../storage/file/file-store.ts';",
      '(api) must not import src/storage/file/file-store.ts (file-store)',
    ],
    ['src/api/app.ts', "import { Client } from '@temporalio/client';", 'composition and temporal alone may'],
    [
      'src/api/app.ts',
      "const x = await import('../workers/io-worker.ts');",
      '(api) must not import src/workers/io-worker.ts (composition)',
    ],
    [
      'src/api/app.ts',
      "import '../workers/io-worker.ts';",
      '(api) must not import src/workers/io-worker.ts (composition)',
    ],
    ['src/errands/run.ts', "import { x } from '../errors.ts';", 'belongs to no part'],
  ])('says a sentence where %s has: %s', (from, source, sentence) => {
    expect(importsOf(from, source).map(faultOf)).toEqual([expect.stringContaining(sentence)]);
  });

  it('names files by what they hold', () => {
    const vague = [...files, ...globSync('{test,scripts}/**/*.ts', { cwd: ROOT })].filter(
      (file) =>
        /^(utils?|helpers?|types|index|common|misc)\.ts$/.test(basename(file)) &&
        file !== 'src/workflows/index.ts',
    );
    expect(vague).toEqual([]);
  });

  it('reads the environment of the process in config/read-environment.ts and in entry points only', () => {
    const isEntryPoint = (file: string) => /(^|[/-])main\.ts$/.test(file);
    const readers = files.filter((file) => /\bprocess\.env\b/.test(sourceOf(file)));
    expect(
      readers.filter((file) => file !== 'src/config/read-environment.ts' && !isEntryPoint(file)),
    ).toEqual([]);
    expect(readers).toContain('src/config/read-environment.ts');
  });

  it('has no default exports: a thing has one name everywhere', () => {
    expect(files.filter((file) => /^export default\b|\bas default\b/m.test(sourceOf(file)))).toEqual([]);
  });
});

describe('the bundle of the workflows', () => {
  let modules: string[];
  beforeAll(async () => {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(ROOT, 'src/workflows/index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    modules = [...code.matchAll(/^\/\*{3}\/ "\.\/([^"]+)"$/gm)].map(([, path]) => path!);
  });

  it('holds workflows and contracts, and nothing else of ours', () => {
    const ours = modules.filter((path) => !path.startsWith('node_modules/'));
    expect(ours).toContain('src/workflows/generate-video/generate-video.ts');
    expect(ours).toContain('src/contracts/stages.ts');
    expect(ours.filter((path) => !/^src\/(workflows|contracts)\//.test(path))).toEqual([]);
  });

  it("holds Temporal's own packages, and no zod, nor anything that an activity needs", () => {
    const packages = modules.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
    const foreign = new Set(packages.filter((name) => !name.startsWith('@temporalio/')));
    expect(packages).toContain('@temporalio/workflow');
    // What @temporalio/common and @temporalio/workflow themselves depend on.
    expect([...foreign].sort()).toEqual(['long', 'ms', 'nexus-rpc']);
  });
});
