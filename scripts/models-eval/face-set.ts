import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LANDMARKS } from '../../src/inference/face/face-landmarks.ts';
import { sample } from './sample.ts';

const Face = z.object({
  id: z.string(),
  split: z.string(),
  face_box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  landmarks468: z.array(z.tuple([z.number(), z.number()])).length(LANDMARKS),
});
export type Face = z.infer<typeof Face>;

/**
 * Faces of the validation split.
 * @param dir of `annotations.json` and `images/<id>.jpg`
 * @param limit of faces, spread over all of them
 */
export async function readFaces(dir: string, limit: number): Promise<Face[]> {
  const all = z.array(Face).parse(JSON.parse(await readFile(join(dir, 'annotations.json'), 'utf8')));
  return sample(
    all.filter(({ split }) => split === 'val'),
    limit,
  );
}
