import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import { Manifest, type ManifestEntry } from './model-manifest.ts';

/** The folder of pulled models, in the layout that `findModel` reads: the first entry for a task is used. */
export interface ModelStore {
  readonly dir: string;
  list(): Promise<ManifestEntry[]>;
  /** Moves the file in, atomically. The first model installed for a task is used until `use` names another. */
  install(entry: ManifestEntry, path: string): Promise<void>;
  /** @throws PipelineError MODEL_MISSING if it is not installed */
  use(name: string): Promise<ManifestEntry>;
  /** @returns a sentence that describes the damage, or undefined if the file is intact */
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
          `Expected the name of a pulled model (${names.join(', ') || 'there is none'}), but got ${name}: pull it first`,
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
        return `${name}: ${file} differs from what was pulled (${found.bytes} bytes, sha256 ${found.sha256}): pull it again`;
      }
    },
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(text);
  await file.sync();
}
