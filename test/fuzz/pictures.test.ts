import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writePictureSeeds } from '../harness/pictures/picture-seeds.ts';
import { fuzzDecoders, spread } from './fuzz-decoders.ts';

const PER_FILE = 6;

it('damaged pictures end in a photo or in a refusal, and leave nothing behind', {
  timeout: 120_000,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fuzz-'));
  const paths = await writePictureSeeds(folder.path);

  const { findings, ends } = await fuzzDecoders({
    field: 'image',
    cases: spread(paths, 0, PER_FILE * paths.length),
    slots: 1,
    timeoutMs: 20_000,
  });

  expect(findings).toEqual([]);
  // The damage is no mere noise: some files still have a picture.
  expect(ends.decoded).toBeGreaterThan(paths.length / 2);
});
