import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';

const SOURCE = fileURLToPath(new URL('../', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(PROJECT, 'node_modules/.cache/limelight');
/** What the bundle is made of: the architecture test proves that nothing else gets in. */
const FOLDERS = ['workflows', 'contracts'];

/**
 * The workflows' code as one script for Temporal's sandbox. Bundling takes seconds of CPU, so the result is kept under
 * a hash of all that goes into it. A cache that cannot be written, such as on a read-only root, only costs those seconds.
 */
export async function loadWorkflowBundle(): Promise<WorkflowBundle> {
  const path = join(CACHE, `workflows-${await hashSources()}.js`);
  const cached = await readFile(path, 'utf8').catch(() => undefined);
  if (cached !== undefined) {
    return { code: cached };
  }
  const bundle = await bundleWorkflowCode({
    workflowsPath: join(SOURCE, 'workflows/index.ts'),
    // The bundler tells of each step; its failures reach the caller as exceptions.
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  await keep(path, bundle.code).catch(() => undefined);
  return bundle;
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256').update(process.version);
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

/** Several processes may start at once: each writes its own file and the last rename wins, with the same bytes. */
async function keep(path: string, code: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const own = `${path}.${process.pid}`;
  await writeFile(own, code);
  await rename(own, path);
}
