import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { ignoreFailure } from '../errors.ts';
import { FAILURE_CONVERTER } from './payload-codec.ts';

const SOURCE = fileURLToPath(new URL('../', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(PROJECT, 'node_modules/.cache/limelight');
/** Everything in the bundle; the architecture test proves that nothing else gets in. */
const FOLDERS = ['workflows', 'contracts'];
/** The SDK compiles for ES2017, with 60 KB of helpers for private fields and object spread, which Node has itself. */
const TARGET = 'es2022';

export interface BundleOptions {
  /** Whether failures of workflows are handed to the payload codec. Without a codec, Temporal's Web UI could not show them. */
  encryptsFailures?: boolean;
}

/**
 * The workflows' code as one script for Temporal's sandbox. Bundling takes seconds of CPU, so the result is cached under
 * a hash of its sources. If the cache is not writable, such as on a read-only root, every start takes those seconds.
 */
export async function loadWorkflowBundle(options: BundleOptions = {}): Promise<WorkflowBundle> {
  const kind = options.encryptsFailures ? 'workflows-encrypting' : 'workflows';
  const path = join(CACHE, `${kind}-${await hashSources()}.js`);
  const cached = await ignoreFailure(readFile(path, 'utf8'), 'without a cache the code is bundled');
  if (cached !== undefined) {
    return { code: cached };
  }
  const bundle = await bundleWorkflows(options);
  await ignoreFailure(writeCache(path, bundle.code), 'the cache only saves time');
  return bundle;
}

export function bundleWorkflows({ encryptsFailures = false }: BundleOptions = {}): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: join(SOURCE, 'workflows/index.ts'),
    ...(encryptsFailures && { failureConverterPath: FAILURE_CONVERTER }),
    workflowInterceptorModules: [join(SOURCE, 'workflows/interceptors.ts')],
    // The bundler logs every step. Its failures are exceptions.
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    webpackConfigHook(config) {
      for (const rule of config.module?.rules ?? []) {
        const loader = rule && typeof rule === 'object' ? rule.use : undefined;
        if (isCompiler(loader)) {
          loader.options.jsc.target = TARGET;
        }
      }
      return config;
    },
  });
}

function isCompiler(loader: unknown): loader is { options: { jsc: { target: string } } } {
  return (loader as { options?: { jsc?: object } } | undefined)?.options?.jsc !== undefined;
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256').update(process.version).update(TARGET);
  hash.update(await readFile(join(PROJECT, 'node_modules/@temporalio/worker/package.json')));
  for (const folder of FOLDERS) {
    const files = (await readdir(join(SOURCE, folder), { recursive: true })).filter((name) =>
      name.endsWith('.ts'),
    );
    for (const name of files.sort()) {
      hash.update(name).update(await readFile(join(SOURCE, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** Several processes may start at once: each writes a file of its own, and the last rename wins with the same bytes. */
async function writeCache(path: string, code: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const own = `${path}.${process.pid}`;
  await writeFile(own, code);
  await rename(own, path);
}
