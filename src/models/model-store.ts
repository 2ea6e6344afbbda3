import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../errors.ts';
import { Manifest, type ManifestEntry } from '../inference/runtime/model-manifest.ts';
import { hashFile } from './hash-file.ts';

/** The folder of pulled models, as `findModel` reads it: the first entry for a task is the one that is used. */
export interface ModelStore {
  readonly dir: string;
  list(): Promise<ManifestEntry[]>;
  /** Takes the file over, whole or not at all. The first model for its task is used from then on. */
  install(entry: ManifestEntry, path: string): Promise<void>;
  /** @throws PipelineError MODEL_MISSING where it is not installed. */
  use(name: string): Promise<ManifestEntry>;
  /** What is wrong with the installed files: a sentence each. */
  verify(entry: ManifestEntry): Promise<string | undefined>;
}

export function createModelStore(dir: string): ModelStore {
  const manifestPath = join(dir, 'manifest.json');

  const list = async (): Promise<ManifestEntry[]> => {
    const text = await readFile(manifestPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') {
        return '[]';
      }
      throw error;
    });
    return Manifest.parse(JSON.parse(text));
  };

  const write = async (entries: ManifestEntry[]) => {
    const partial = `${manifestPath}.${process.pid}`;
    await writeDurably(partial, `${JSON.stringify(entries, null, 2)}\n`);
    await rename(partial, manifestPath);
  };

  return {
    dir,
    list,

    async install(entry, path) {
      await mkdir(dir, { recursive: true });
      await rename(path, join(dir, entry.file));
      const entries = await list();
      const place = entries.findIndex(({ name }) => name === entry.name);
      await write(place < 0 ? [...entries, entry] : entries.with(place, entry));
    },

    async use(name) {
      const entries = await list();
      const chosen = entries.find((entry) => entry.name === name);
      if (!chosen || chosen.variant_of) {
        const names = entries.filter((entry) => !entry.variant_of).map((entry) => entry.name);
        throw new PipelineError(
          'MODEL_MISSING',
          `Expected the name of a model that is pulled (${names.join(', ') || 'none is'}), but got ${name}: pull it first`,
        );
      }
      await write([chosen, ...entries.filter((entry) => entry !== chosen)]);
      return chosen;
    },

    async verify({ name, file, bytes, sha256 }) {
      const found = await hashFile(join(dir, file)).catch((error: Error) => error);
      if (found instanceof Error) {
        return `${name}: ${file} cannot be read: ${found.message}`;
      }
      if (found.bytes !== bytes || found.sha256 !== sha256) {
        return `${name}: ${file} is not what was pulled (${found.bytes} bytes, sha256 ${found.sha256}): pull it again`;
      }
    },
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(text);
  await file.sync();
}
