import { join } from 'node:path';
import type { FaceLandmarker } from '../../src/inference/face/face-landmarks.ts';
import { createMouthCoverModel } from '../../src/inference/face/mouth-cover.ts';
import { readArea } from '../../src/inference/image/open-image.ts';
import type { FoundModel } from '../../src/models/find-model.ts';
import { COVERS, type CoverName, drawCover } from './draw-cover.ts';
import { readFaces } from './face-set.ts';
import { mean, median } from './mean.ts';

export interface MouthCoverScore {
  /** Share of faces, taken as uncovered, in which a cover is seen. */
  falseCovers: number;
  /** Their ids, to look at. */
  falselyCovered: string[];
  /** Shares of drawn covers that are seen, by what was drawn. */
  found: Record<CoverName, number>;
  /** Share of those that are named right. The others are named wrong, or not at all. */
  namedRight: number;
  namedWrong: number;
  faces: number;
  /** Median milliseconds for one face, one thread. */
  lookMs: number;
}

/** @param dir of faces without covers, of which the validation split counts; covers are drawn on them */
export async function scoreMouthCover(
  model: FoundModel,
  landmarker: FaceLandmarker,
  dir: string,
  limit: number,
): Promise<MouthCoverScore> {
  const mouthCover = await createMouthCoverModel(model, { threads: 1 });
  const faces = await readFaces(dir, limit);
  const times: number[] = [];
  const falselyCovered: string[] = [];
  const seen = Object.fromEntries(Object.keys(COVERS).map((name) => [name, []])) as unknown as Record<
    CoverName,
    number[]
  >;
  let [right, wrong] = [0, 0];
  for (const { id, face_box: box } of faces) {
    const path = join(dir, 'images', `${id}.jpg`);
    const picture = await readArea(path);
    const { points } = await landmarker.locate(picture, box);
    const start = performance.now();
    if ((await mouthCover.look(picture, points)).by !== 'nothing') {
      falselyCovered.push(id);
    }
    times.push(performance.now() - start);
    for (const name of Object.keys(COVERS) as CoverName[]) {
      const covered = await readArea(await drawCover(path, points, name));
      const { by } = await mouthCover.look(covered, (await landmarker.locate(covered, box)).points);
      seen[name].push(by === 'nothing' ? 0 : 1);
      right += by === COVERS[name].kind ? 1 : 0;
      wrong += by !== COVERS[name].kind && by !== 'nothing' && by !== 'unknown' ? 1 : 0;
    }
  }
  const all = Object.values(seen).flat();
  const total = all.reduce((sum, one) => sum + one, 0);
  return {
    falseCovers: falselyCovered.length / faces.length,
    falselyCovered,
    found: Object.fromEntries(Object.entries(seen).map(([name, hits]) => [name, mean(hits)])) as Record<
      CoverName,
      number
    >,
    namedRight: right / total,
    namedWrong: wrong / total,
    faces: faces.length,
    lookMs: median(times),
  };
}
