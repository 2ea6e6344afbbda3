import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../src/temporal/workflow-bundle.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Layer {
  /** Layers below whose values it may import; every layer may import its own. */
  value: string[];
  /** Further layers below of which it may import types only. */
  type: string[];
  /** Packages; `node:*` are Node's own modules. Default: all that `PACKAGES` does not reserve for other layers. */
  packages?: string[];
}

/**
 * The layers, lowest first: each may import from layers above it in this list only, which is what keeps folders free of
 * circles. A layer is the folder or file of its name; the longest name wins. `docs/architecture.md` has the same table.
 * Only the compositions (`workers`, `api/main`, `cli`) name adapters.
 */
const LAYERS: Record<string, Layer> = {
  contracts: { value: [], type: [], packages: [] },
  'contracts/schemas': { value: ['contracts'], type: [], packages: ['zod'] },
  errors: { value: ['contracts'], type: [], packages: [] },
  'hash-file': { value: [], type: [], packages: ['node:*'] },
  clamp: { value: [], type: [], packages: [] },
  series: { value: ['clamp'], type: [], packages: [] },
  ports: { value: [], type: ['contracts/schemas', 'contracts'], packages: ['node:*', 'zod'] },
  config: { value: ['errors'], type: ['ports'], packages: ['node:*', 'zod', '@temporalio/envconfig'] },
  outbound: { value: ['contracts', 'errors', 'hash-file'], type: ['ports'], packages: ['node:*', 'undici'] },
  telemetry: { value: ['contracts', 'errors'], type: ['contracts/schemas', 'ports', 'config'] },
  slots: {
    value: ['contracts', 'errors'],
    type: ['ports', 'telemetry'],
    packages: ['node:*'],
  },
  models: {
    value: ['contracts', 'errors', 'hash-file', 'outbound'],
    type: ['ports', 'config'],
    packages: ['node:*', 'zod'],
  },
  inference: {
    value: ['contracts', 'errors', 'clamp', 'slots', 'models'],
    type: ['contracts/schemas', 'ports', 'config', 'telemetry'],
  },
  media: {
    value: ['contracts', 'errors', 'clamp', 'series', 'slots'],
    type: ['contracts/schemas', 'ports', 'config', 'telemetry'],
  },
  'providers/d-id/limits': { value: [], type: [], packages: [] },
  emulators: { value: ['errors', 'media', 'providers/d-id/limits'], type: [] },
  // Each provider is a folder of its own, which no other provider may import.
  providers: {
    value: [
      ...[
        'contracts',
        'errors',
        'clamp',
        'series',
        'config',
        'outbound',
        'slots',
        'models',
        'inference',
        'media',
      ],
      ...['providers/d-id/limits', 'emulators'],
    ],
    type: ['contracts/schemas', 'ports', 'telemetry'],
  },
  'providers/registry': { value: ['providers'], type: ['ports'], packages: [] },
  storage: {
    value: ['contracts/schemas', 'contracts', 'errors', 'hash-file', 'clamp'],
    type: ['ports', 'config', 'telemetry'],
  },
  'storage/file': {
    value: ['contracts', 'errors', 'storage'],
    type: ['contracts/schemas', 'ports', 'config', 'telemetry'],
  },
  'storage/s3': {
    value: ['contracts', 'errors', 'hash-file', 'storage'],
    type: ['contracts/schemas', 'ports', 'config', 'telemetry'],
  },
  'storage/open-store': { value: ['storage/file', 'storage/s3'], type: ['ports', 'config'] },
  temporal: {
    value: ['contracts/schemas', 'contracts', 'errors', 'clamp'],
    type: ['ports', 'config', 'telemetry'],
  },
  activities: {
    value: ['contracts/schemas', 'contracts', 'errors', 'media'],
    type: ['ports'],
    packages: ['node:*', '@temporalio/activity', 'standardwebhooks'],
  },
  workflows: {
    value: ['contracts'],
    type: ['contracts/schemas', 'ports', 'activities'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
  },
  // It runs in browsers: no modules of Node's.
  client: { value: ['contracts', 'errors'], type: ['contracts/schemas'], packages: ['eventsource-parser'] },
  process: {
    value: ['errors', 'config', 'providers/registry'],
    type: ['ports', 'telemetry'],
    packages: ['node:*'],
  },
  api: {
    value: ['contracts/schemas', 'contracts', 'errors', 'config', 'outbound', 'telemetry', 'media'],
    type: ['ports'],
  },
  'api/main': {
    value: [
      ...['config', 'outbound', 'telemetry', 'providers/registry', 'storage'],
      ...['storage/open-store', 'temporal', 'process', 'api'],
    ],
    type: ['ports'],
  },
  workers: {
    value: [
      ...['contracts', 'errors', 'config', 'outbound', 'telemetry', 'models', 'inference', 'media'],
      ...['providers/registry', 'storage', 'storage/open-store', 'temporal', 'activities', 'process'],
    ],
    type: ['ports'],
  },
  cli: {
    value: [
      ...[
        'contracts',
        'errors',
        'hash-file',
        'config',
        'outbound',
        'telemetry',
        'slots',
        'models',
        'inference',
        'media',
      ],
      ...['providers/registry', 'storage', 'storage/open-store', 'temporal', 'client', 'process'],
    ],
    type: ['contracts/schemas', 'ports'],
  },
};

/** Layers whose files are not simply those under their name. */
const FILES: Record<string, string[]> = {
  'api/main': ['src/api/main.ts', 'src/api/run-api.ts', 'src/api/compose-api.ts'],
};

/** Packages that belong to some layers only. */
const PACKAGES: Record<string, string[]> = {
  '@temporalio/workflow': ['workflows'],
  '@temporalio/activity': ['activities', 'telemetry', 'workers'],
  '@opentelemetry/api': ['telemetry', 'api', 'workers'],
  '@temporalio/worker': ['temporal', 'telemetry', 'workers'],
  '@temporalio/client': ['temporal', 'api/main', 'workers', 'cli'],
  '@grpc/grpc-js': ['temporal'],
  '@temporalio/proto': ['temporal'],
  '@temporalio/common': ['workflows', 'temporal'],
  '@temporalio/envconfig': ['config', 'temporal'],
  '@temporalio/testing': [],
  hono: ['api', 'emulators'],
  '@hono/zod-openapi': ['api'],
  'swagger-ui-dist': ['api'],
  '@hono/node-server': ['api', 'emulators'],
  '@aws-sdk/client-s3': ['storage/s3'],
  '@aws-sdk/lib-storage': ['storage/s3'],
  '@aws-sdk/s3-request-presigner': ['storage/s3'],
  '@fastify/busboy': ['api'],
  ws: ['api'],
  'onnxruntime-node': ['inference'],
  sharp: ['inference', 'media', 'providers'],
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

/** The layer of a file: the longest name that its path begins with. */
function layerOf(file: string): string | undefined {
  const listed = Object.keys(FILES).find((layer) => FILES[layer]!.includes(file));
  const path = file.replace(/^src\//, '');
  return (
    listed ??
    Object.keys(LAYERS)
      .filter((layer) => path === `${layer}.ts` || path.startsWith(`${layer}/`))
      .sort((a, b) => b.length - a.length)[0]
  );
}

/** What is wrong with an import, as a sentence. */
function faultOf({ from, specifier, isType }: Import): string | undefined {
  const layer = layerOf(from);
  if (!layer) {
    return `${from} belongs to no layer: give it a row in LAYERS, or a folder that has one.`;
  }
  return specifier.startsWith('.')
    ? layerFault(from, layer, normalize(join(dirname(from), specifier)), isType)
    : packageFault(from, layer, specifier, isType);
}

function layerFault(from: string, layer: string, target: string, isType: boolean): string | undefined {
  const row = LAYERS[layer]!;
  const other = layerOf(target);
  if (!existsSync(join(ROOT, target)) || !other) {
    return `${from} imports ${target}, which is no source file of a layer.`;
  }
  if (layer === 'providers' && other === 'providers' && providerOf(from) !== providerOf(target)) {
    return `${from} (${layer}) must not import ${target}: providers must not know each other.`;
  }
  // A port holds types only: not even the values of another port.
  const values = layer === 'ports' ? [] : [layer, ...row.value];
  if (isType ? [layer, ...row.value, ...row.type].includes(other) : values.includes(other)) {
    return undefined;
  }
  const only = row.type.includes(other) || layer === 'ports' ? ' a value of it: use `import type`' : '';
  return `${from} (${layer}) must not import ${target} (${other})${only}.`;
}

function providerOf(file: string): string | undefined {
  return /^src\/providers\/([^/]+)\//.exec(file)?.[1];
}

function packageFault(from: string, layer: string, specifier: string, isType: boolean): string | undefined {
  const { packages } = LAYERS[layer]!;
  const name = isBuiltin(specifier)
    ? 'node:*'
    : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (layer === 'ports' && !isType) {
    return `${from} is a port and must not import a value of ${specifier}.`;
  }
  if (packages && !packages.includes(name)) {
    return `${from} (${layer}) must not import ${specifier}: of packages it may import ${packages.join(', ') || 'none'}.`;
  }
  if (PACKAGES[name] && !PACKAGES[name].includes(layer)) {
    return `${from} (${layer}) must not import ${specifier}: only ${PACKAGES[name].join(' and ') || 'tests'} may.`;
  }
  return undefined;
}

/** Groups of files that import each other in a circle, types included (Tarjan's strongly connected components). */
function findCircles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string) => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    stack.push(file);
    for (const target of edges.get(file) ?? []) {
      if (!order.has(target)) {
        visit(target);
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
      } else if (stack.includes(target)) {
        lowest.set(file, Math.min(lowest.get(file)!, order.get(target)!));
      }
    }
    if (lowest.get(file) === order.get(file)) {
      const circle = stack.splice(stack.indexOf(file)).sort();
      if (circle.length > 1) circles.push(circle);
    }
  };
  for (const file of edges.keys()) {
    if (!order.has(file)) visit(file);
  }
  return circles;
}

function edgesOf(found: Import[]): Map<string, string[]> {
  const local = found.filter(({ specifier }) => specifier.startsWith('.'));
  const grouped = Map.groupBy(local, ({ from }) => from);
  return new Map(
    [...grouped].map(([from, group]) => [
      from,
      group.map(({ specifier }) => normalize(join(dirname(from), specifier))),
    ]),
  );
}

/** What the page says that a layer may import. */
function toCell({ value, type }: Layer): string {
  const types = type.length > 0 ? `types of ${type.join(', ')}` : '';
  return [value.join(', '), types].filter(Boolean).join('; ') || 'nothing of ours';
}

describe('the architecture', () => {
  it('has no import that the table does not allow', () => {
    expect(imports.length).toBeGreaterThan(files.length);
    expect(imports.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('has no layer that imports from a layer above it', () => {
    const names = Object.keys(LAYERS);
    const upward = names.flatMap((layer, height) =>
      [...LAYERS[layer]!.value, ...LAYERS[layer]!.type]
        .filter((other) => !names.slice(0, height).includes(other))
        .map((other) => `${layer} must not import ${other}: it is not below.`),
    );
    expect(upward).toEqual([]);
  });

  it('has no files that import each other in a circle', () => {
    expect(findCircles(edgesOf(imports))).toEqual([]);
  });

  it('finds a circle, also one of types', () => {
    const circle = [
      ...importsOf('src/a.ts', "import { b } from './b.ts';\nimport { d } from './d.ts';"),
      ...importsOf('src/b.ts', "import { c } from './c.ts';"),
      ...importsOf('src/c.ts', "import type { A } from './a.ts';"),
      ...importsOf('src/d.ts', "import { c } from './c.ts';"),
    ];
    expect(findCircles(edgesOf(circle))).toEqual([['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/d.ts']]);
    expect(findCircles(edgesOf(circle.slice(0, 3)))).toEqual([]);
  });

  it('is the table in docs/architecture.md', () => {
    const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const rows = page
      .split('\n')
      .slice(page.split('\n').findIndex((line) => /^\| layer .* may import/.test(line)) + 2)
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const table = rows.slice(
      0,
      rows.findIndex((cells) => cells.length === 1),
    );
    expect(table.map(([, layer, , mayImport]) => `${layer}: ${mayImport}`)).toEqual(
      Object.entries(LAYERS).map(([layer, row]) => `\`${layer}\`: ${toCell(row)}`),
    );
  });

  it('has no layer without files', () => {
    const used = new Set(files.map(layerOf));
    expect(Object.keys(LAYERS).filter((layer) => !used.has(layer))).toEqual([]);
    expect(files.filter((file) => !layerOf(file))).toEqual([]);
  });

  it.each([
    [
      'src/contracts/job.ts',
      "import { z } from 'zod';",
      'contracts) must not import zod: of packages it may import none',
    ],
    [
      'src/workflows/a.ts',
      "import { JobInput } from '../contracts/schemas/job.ts';",
      'must not import src/contracts/schemas/job.ts (contracts/schemas) a value of it: use `import type`',
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
      'a value of it: use `import type`',
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
      '(storage/s3) must not import src/storage/file/read.ts (storage/file)',
    ],
    [
      'src/providers/d-id/talks.ts',
      "import type { x } from '../local/renderer-pool.ts';",
      'providers must not know each other',
    ],
    [
      'src/storage/file/file-store.ts',
      "import type { x } from '../../providers/local/renderer-pool.ts';",
      '(storage/file) must not import',
    ],
    [
      'src/api/app.ts',
      "import {\n  createFileStore,\n} from '../storage/file/file-store.ts';",
      '(api) must not import src/storage/file/file-store.ts (storage/file)',
    ],
    [
      'src/api/app.ts',
      "import { Client } from '@temporalio/client';",
      'only temporal and api/main and workers and cli may',
    ],
    [
      'src/api/app.ts',
      "const x = await import('../workers/io-worker.ts');",
      '(api) must not import src/workers/io-worker.ts (workers)',
    ],
    [
      'src/api/app.ts',
      "import '../workers/io-worker.ts';",
      '(api) must not import src/workers/io-worker.ts (workers)',
    ],
    ['src/errands/run.ts', "import { x } from '../errors.ts';", 'belongs to no layer'],
  ])('says a sentence if %s has: %s', (from, source, sentence) => {
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
  let code: string;
  let modules: string[];
  beforeAll(async () => {
    ({ code } = await bundleWorkflows());
    modules = [...code.matchAll(/^\/\*{3}\/ "\.\/([^"]+)"$/gm)].map(([, path]) => path!);
  });

  it('keeps private fields and object spread, which Node has itself', () => {
    expect(code).not.toMatch(/_class_private_field_get|_object_spread/);
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
