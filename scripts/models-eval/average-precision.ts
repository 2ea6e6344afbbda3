import type { Box } from '../../src/contracts/schemas/job-outcome.ts';
import { iou, type ScoredBox } from '../../src/inference/detect/boxes.ts';

const MIN_IOU = 0.5;

export interface BoxedPhoto {
  /** Highest confidence first. */
  found: readonly ScoredBox[];
  truth: readonly Box[];
  /** People and detections up to this height, in pixels, are ignored. */
  ignoredHeightPx: number;
}

/**
 * AP50 over all photos: the area under the precision, made monotone, over the recall (all points, as Pascal VOC since
 * 2010). A detection matches the unmatched truth that it overlaps most, ignored ones last (as in COCO).
 */
export function averagePrecision(photos: readonly BoxedPhoto[]): number {
  const outcomes = photos.flatMap(judge).toSorted((a, b) => b.score - a.score);
  const wanted = photos
    .map(({ truth, ignoredHeightPx }) => truth.filter((box) => height(box) > ignoredHeightPx).length)
    .reduce((sum, count) => sum + count, 0);
  let hits = 0;
  const precisions = outcomes.map(({ hit }, index) => {
    hits += hit ? 1 : 0;
    return hits / (index + 1);
  });
  let best = 0;
  let area = 0;
  for (let at = outcomes.length - 1; at >= 0; at -= 1) {
    best = Math.max(best, precisions[at]!);
    area += outcomes[at]!.hit ? best / wanted : 0;
  }
  return area;
}

function judge({ found, truth, ignoredHeightPx }: BoxedPhoto): { score: number; hit: boolean }[] {
  const free = new Set(truth);
  const counts = (box: Box) => height(box) > ignoredHeightPx;
  return found.flatMap(({ box, score }) => {
    const fitting = [...free]
      .map((other) => ({ other, overlap: iou(box, other) }))
      .filter(({ overlap }) => overlap >= MIN_IOU)
      .toSorted((a, b) => Number(counts(b.other)) - Number(counts(a.other)) || b.overlap - a.overlap);
    const match = fitting[0]?.other;
    if (match) {
      free.delete(match);
    }
    return counts(match ?? box) ? [{ score, hit: match !== undefined }] : [];
  });
}

function height([, top, , bottom]: Box): number {
  return bottom - top;
}
