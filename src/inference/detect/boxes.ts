import type { Box } from '../../contracts/schemas/job-outcome.ts';

export interface ScoredBox {
  box: Box;
  /** 0 to 1. */
  score: number;
}

export function area([x1, y1, x2, y2]: Box): number {
  return Math.max(0, x2 - x1) * Math.max(0, y2 - y1);
}

export function intersection(a: Box, b: Box): Box {
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
}

/** Intersection over union, 0 to 1. */
export function iou(a: Box, b: Box): number {
  const shared = area(intersection(a, b));
  return shared === 0 ? 0 : shared / (area(a) + area(b) - shared);
}

/** Intersection over the smaller area, 0 to 1: 1 if one box lies in the other. */
export function sharedPart(a: Box, b: Box): number {
  const shared = area(intersection(a, b));
  return shared === 0 ? 0 : shared / Math.min(area(a), area(b));
}

/**
 * Greedy non-maximum suppression: of boxes that overlap by more than `maxOverlap`, the one with the highest score stays.
 * @param overlap of two boxes, 0 to 1. Default: `iou`
 * @returns highest score first
 */
export function suppressOverlaps(
  boxes: readonly ScoredBox[],
  maxOverlap: number,
  overlap: (a: Box, b: Box) => number = iou,
): ScoredBox[] {
  const kept: ScoredBox[] = [];
  for (const candidate of boxes.toSorted((a, b) => b.score - a.score)) {
    if (kept.every(({ box }) => overlap(box, candidate.box) <= maxOverlap)) {
      kept.push(candidate);
    }
  }
  return kept;
}
