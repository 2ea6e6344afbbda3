/** Writes objects of known content until it is killed, and reports before and after each write. */
import { writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FileToAdopt, ObjectStore } from '../../../src/ports/object-store.ts';
import { createFileStore } from '../../../src/storage/file/file-store.ts';

export interface WriterLine {
  key: string;
  /** Seed of the content; 0 for a deletion. */
  seed: number;
  done: boolean;
}

/** Up to 300 kB that start with their seed, so that a reader can detect torn or mixed content. */
export function contentOf(seed: number): Buffer {
  const bytes = Buffer.alloc(4 + ((seed * 104_729) % 300_000), `${seed}/`);
  bytes.writeUInt32BE(seed, 0);
  return bytes;
}

if (import.meta.main) {
  const [root = '', lane = '', firstSeed = '1'] = process.argv.slice(2);
  const store = createFileStore({ root });
  for (let seed = Number(firstSeed); ; seed++) {
    const key = seed % 7 === 0 ? 'shared/object' : `${lane}/t${seed % 5}/object`;
    const deletes = seed % 11 === 0 && seed % 7 !== 0;
    say({ key, seed: deletes ? 0 : seed, done: false });
    await (deletes ? store.delete(key) : write(store, key, seed));
    say({ key, seed: deletes ? 0 : seed, done: true });
  }
}

async function write(store: ObjectStore, key: string, seed: number): Promise<void> {
  await using scratch = await store.scratch();
  await store.put(key, await toBody(contentOf(seed), seed, join(scratch.path, 'file')));
}

/** Each kind of body in turn. */
async function toBody(content: Buffer, seed: number, path: string): Promise<Buffer | Readable | FileToAdopt> {
  if (seed % 3 === 0) {
    return content;
  }
  if (seed % 3 === 1) {
    return Readable.from([content.subarray(0, 1000), content.subarray(1000)]);
  }
  await writeFile(path, content);
  return { path };
}

/** Synchronous, so that everything written before a kill is in the pipe. */
function say(line: WriterLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
