/** Fills a store on a small file system, inside of which `full-disk.test.ts` runs it. Prints the result as JSON. */
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createFileStore } from '../../../src/storage/file/file-store.ts';

const [root = ''] = process.argv.slice(2);
const store = createFileStore({ root });
const tooMuch = Buffer.alloc(3_000_000, 1);
const before = Buffer.from('what was there before');
await store.put('tier/task/kept', before);

const codes: unknown[] = [];
for (const createBody of [() => tooMuch, () => Readable.from([tooMuch, tooMuch])]) {
  for (const key of ['tier/task/kept', 'tier/other/fresh']) {
    codes.push(
      await store.put(key, createBody()).catch((error: { code?: string }) => error.code ?? String(error)),
    );
  }
}
process.stdout.write(
  JSON.stringify({
    codes,
    kept: (await store.read('tier/task/kept')).equals(before),
    names: (await readdir(root, { recursive: true })).filter((name) => !name.includes('.kept.')).sort(),
    fits: (await store.put('tier/other/fresh', before)).bytes === before.length,
  }),
);
