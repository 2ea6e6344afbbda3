import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sample } from './sample.ts';

const box = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/** One photo of `annotations.json`; boxes are left, top, right, bottom in pixels. */
const Photo = z.object({
  id: z.string(),
  split: z.string(),
  height: z.number(),
  /** `null` if bystanders are not annotated. */
  boxes: z.array(box).nullable(),
  main_box: box.nullish(),
  has_mask: z.boolean(),
  /** Number of COCO keypoints. With fewer than five only a hand or a leg is visible. */
  num_keypoints: z.number().nullish(),
});
export type Photo = z.infer<typeof Photo>;

const MIN_KEYPOINTS = 5;

export interface PeopleSet {
  /** Photos of the validation split by their annotations. A photo may be in several groups. */
  withMainPerson: Photo[];
  fullyBoxed: Photo[];
  /** The mask shows one person. In the mask of a group, head and shoulders cannot be located. */
  withMask: Photo[];
  /** Photos without people. */
  empty: Photo[];
  imagePath(photo: Photo): string;
  maskPath(photo: Photo): string;
}

/**
 * A folder of `annotations.json`, `<split>/images/<id>.jpg`, `<split>/masks/<id>.png` and `backgrounds/<id>.jpg`.
 * @param limit of photos of each of the four kinds, spread over all of them.
 */
export async function readPeopleSet(dir: string, limit = Number.POSITIVE_INFINITY): Promise<PeopleSet> {
  const all = z.array(Photo).parse(JSON.parse(await readFile(join(dir, 'annotations.json'), 'utf8')));
  const people = all.filter(({ split }) => split === 'val');
  return {
    withMainPerson: sample(
      people.filter((photo) => mainBoxOf(photo)),
      limit,
    ),
    fullyBoxed: sample(
      people.filter(({ boxes }) => boxes && boxes.length > 0),
      limit,
    ),
    withMask: sample(
      people.filter(
        ({ has_mask, boxes, num_keypoints }) =>
          has_mask && (boxes?.length ?? 1) === 1 && (num_keypoints ?? MIN_KEYPOINTS) >= MIN_KEYPOINTS,
      ),
      limit,
    ),
    empty: sample(
      all.filter(({ split }) => split === 'background'),
      limit,
    ),
    imagePath: ({ id, split }) =>
      split === 'background'
        ? join(dir, 'backgrounds', `${id}.jpg`)
        : join(dir, split, 'images', `${id}.jpg`),
    maskPath: ({ id, split }) => join(dir, split, 'masks', `${id}.png`),
  };
}

/** The main person: the annotated one, or the only one. */
export function mainBoxOf({ boxes, main_box }: Photo) {
  return main_box ?? (boxes?.length === 1 ? boxes[0] : undefined);
}
