import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { COVERS, type CoverName } from '../../../scripts/models-eval/draw-cover.ts';
import type { FaceRefusal } from '../../../src/contracts/face-refusals.ts';
import { readArea } from '../../../src/inference/image/open-image.ts';
import { examineFace } from '../../../src/providers/local/face/examine-face.ts';
import {
  createTalkModels,
  findTalkModels,
  type TalkModels,
} from '../../../src/providers/local/talk-models.ts';
import { coverPhoto } from '../../harness/covered-photo.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir } from '../../harness/shared-media.ts';

const PORTRAIT = fileURLToPath(new URL('../../../samples/portrait.jpg', import.meta.url));

let models: TalkModels;
beforeAll(async () => {
  models = await createTalkModels(await findTalkModels({ cacheDir: '/nowhere' }, 1));
});

/** What the starters make of a photo that shows one person everywhere. */
async function refusalOf(photo: string | Buffer): Promise<FaceRefusal | undefined> {
  const picture = await readArea(photo);
  const everywhere = new Uint8Array(picture.widthPx * picture.heightPx).fill(255);
  return examineFace(models, picture, everywhere).then(
    () => undefined,
    ({ details }) => details,
  );
}

const portrait = () => sharp(PORTRAIT);

describe('a photo is refused by what is wrong with it', () => {
  it.each([
    ['small', portrait().resize({ height: 100 }), { reason: 'too_small', height_px: expect.closeTo(38, -1) }],
    [
      'cut off at a side',
      portrait().extract({ left: 446, top: 0, width: 578, height: 1024 }),
      { reason: 'cut_off' },
    ],
    [
      'without a face',
      portrait().extract({ left: 0, top: 800, width: 300, height: 224 }),
      { reason: 'none' },
    ],
  ] as const)('%s', async (_, photo, reason) => {
    expect(await refusalOf(await photo.clone().png().toBuffer())).toMatchObject(reason);
  });

  it('of a head that lies on its side', async () => {
    const photo = await portrait().rotate(75, { background: '#888' }).png().toBuffer();

    expect(await refusalOf(photo)).toMatchObject({ reason: 'sideways', degrees: expect.closeTo(75, -1) });
  });

  it('that is a drawing without a clear face', async () => {
    const stickman =
      '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="640"><rect width="640" height="640" fill="#9bd"/>' +
      '<circle cx="320" cy="160" r="70" fill="#fff" stroke="#000" stroke-width="8"/>' +
      '<path d="M320 230v220M320 450l-90 150M320 450l90 150M320 280l-110 90M320 280l110 90" stroke="#000" stroke-width="10"/></svg>';

    expect(await refusalOf(await sharp(Buffer.from(stickman)).png().toBuffer())).toEqual({
      reason: 'drawing',
    });
  });
});

describe('a covered mouth', () => {
  it.each(Object.entries(COVERS) as Array<[CoverName, { kind: string }]>)(
    'is refused by name: %s',
    async (name, { kind }) => {
      expect(await refusalOf(await coverPhoto(PORTRAIT, name))).toEqual({ reason: 'covered', by: kind });
    },
  );

  it('is not what a microphone or a hand beside the face makes', async () => {
    for (const name of ['microphone', 'hand'] as const) {
      expect(await refusalOf(await coverPhoto(PORTRAIT, name, [1.3, 0.6])), name).toBeUndefined();
    }
    expect(await refusalOf(await coverPhoto(PORTRAIT, 'microphone', [0, 1.3]))).toBeUndefined();
  });
});

needs('MEDIA_DIR').describe('real photos', () => {
  const media = (name: string) => `${mediaDir}/${name}`;

  it.each(['obama.jpg', 'u2_man.jpg', 'u2_smile.jpg', 'rembg_girl-1.jpg'])(
    'nothing covers the mouth of people/%s, but a drawn mask does',
    async (name) => {
      const path = media(`people/${name}`);

      expect((await refusalOf(path))?.reason).not.toBe('covered');
      expect(await refusalOf(await coverPhoto(path, 'surgical mask'))).toMatchObject({ reason: 'covered' });
    },
  );

  it('names a mask that covers the chin, and lets a microphone below the chin pass', async () => {
    expect(await refusalOf(media('field/medical-mask.jpg'))).toEqual({ reason: 'covered', by: 'mask' });
    expect(await refusalOf(media('field/microphone.jpg'))).toBeUndefined();
  });
});
