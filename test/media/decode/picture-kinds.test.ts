import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareImage } from '../../../src/media/decode/prepare-image.ts';
import { needs } from '../../harness/needs.ts';
import { type Expected, PICTURE_KINDS } from '../../harness/pictures/picture-kinds.ts';
import { mediaDir } from '../../harness/shared-media.ts';

let folder: string;
let pngPath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picture-kinds-'));
  pngPath = join(folder, 'photo.png');
});
afterAll(() => rm(folder, { recursive: true }));

async function expectPicture(path: string, expected: Expected): Promise<void> {
  const preparing = prepareImage('image', path, pngPath);
  if (typeof expected === 'string') {
    await expect(preparing).rejects.toMatchObject({ code: expected });
    return;
  }
  const { warning, ...size } = expected;
  const { warnings, ...prepared } = await preparing;
  expect(prepared).toMatchObject(size);
  expect(warnings).toEqual(warning ? [expect.stringMatching(warning)] : []);
  expect(await sharp(pngPath).metadata()).toMatchObject({
    width: size.widthPx,
    height: size.heightPx,
    channels: 3,
    depth: 'uchar',
    space: 'srgb',
  });
}

/** The colours of the face, in the middle of the portrait, and of its two sides. */
async function readColours(path: string): Promise<number[]> {
  return [...(await sharp(path).resize(6, 6, { fit: 'fill' }).raw().toBuffer())].filter(
    (_, index) => [1, 2, 3].includes(Math.floor(index / 18)) && [2, 3].includes(Math.floor(index / 3) % 6),
  );
}

for (const { fault, field, made } of PICTURE_KINDS) {
  describe(fault, () => {
    for (const [name, { expected, make }] of Object.entries(made)) {
      it(`${name} ends as ${JSON.stringify(expected)}`, { timeout: 60_000 }, async () => {
        const path = join(folder, name);
        await writeFile(path, await make());
        await expectPicture(path, expected);
        await rm(path);
        if (typeof expected !== 'string' && expected.widthPx === 512 && expected.heightPx === 640) {
          // Upright, not mirrored, in the right colours and solid, as in the sample itself.
          const sample = await sharp('samples/portrait.jpg').resize(512, 640).png().toBuffer();
          await writeFile(path, sample);
          const [colours, wanted] = [await readColours(pngPath), await readColours(path)];
          const differences = colours.map((value, index) => Math.abs(value - wanted[index]!));
          expect(Math.max(...differences)).toBeLessThan(12);
        }
      });
    }
    for (const [name, expected] of Object.entries(field)) {
      needs('MEDIA_DIR').it(`${name} ends as ${JSON.stringify(expected)}`, () =>
        expectPicture(join(mediaDir!, 'field', name), expected),
      );
    }
  });
}
