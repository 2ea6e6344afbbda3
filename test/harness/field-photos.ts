import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { boundsOf } from '../../src/inference/face/face-landmarks.ts';
import { findClearFace } from '../../src/inference/face/find-clear-face.ts';
import { findFaceModels, openFaceModels } from '../../src/inference/face/find-face-models.ts';
import { readArea } from '../../src/inference/image/open-image.ts';

/** Portraits whose faces are large and from the front. */
const PORTRAITS = ['people/obama.jpg', 'people/u2_man.jpg'];

export interface FieldPhoto {
  /** Its kind and the portrait that it is made of. */
  name: string;
  jpeg: Buffer;
}

/** Photos as people have them, made of good portraits: two of each kind. */
export async function makeFieldPhotos(mediaDir: string): Promise<FieldPhoto[]> {
  const models = await openFaceModels(await findFaceModels({ cacheDir: 'none' }), 1);
  const photos = PORTRAITS.map(async (portrait) => {
    const path = join(mediaDir, portrait);
    const face = await findClearFace(models, await readArea(path));
    const made = variants(sharp(path), boundsOf(face!.points), (await sharp(path).metadata()).height);
    return Promise.all(
      Object.entries(made).map(async ([kind, picture]) => ({
        name: `${kind}, ${portrait}`,
        jpeg: await picture.toBuffer(),
      })),
    );
  });
  return (await Promise.all(photos)).flat();
}

function variants(
  portrait: Sharp,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  heightPx: number,
): Record<string, Sharp> {
  const face = y2 - y1;
  /** A picture of which the face takes a share of the height. */
  const closeUp = (share: number, aspect: number) => {
    const height = face / share;
    const width = aspect * height;
    const left = Math.max(0, Math.round((x1 + x2 - width) / 2));
    const top = Math.max(0, Math.round((y1 + y2 - height) / 2));
    return portrait.clone().extract({ left, top, width: Math.round(width), height: Math.round(height) });
  };
  const jpeg = { quality: 90 };
  return {
    'on its left side': portrait.clone().rotate(270).jpeg(jpeg),
    'on its right side': portrait.clone().rotate(90).jpeg(jpeg),
    'upside down': portrait.clone().rotate(180).jpeg(jpeg),
    'an avatar of 150 pixels': closeUp(0.6, 0.9).resize(150, 150, { fit: 'fill' }).jpeg(jpeg),
    'a face that takes 85 % of the height': closeUp(0.85, 0.8).resize({ height: 700 }).jpeg(jpeg),
    dark: portrait.clone().linear(0.13, 0).jpeg(jpeg),
    'washed out': portrait.clone().linear(0.2, 170).jpeg(jpeg),
    'messenger quality': portrait.clone().resize({ height: 500 }).jpeg({ quality: 20 }),
    'a face of 55 pixels': portrait
      .clone()
      .resize({ height: Math.round((heightPx * 55) / face) })
      .jpeg(jpeg),
  };
}
