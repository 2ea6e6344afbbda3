import type { Person } from '../../contracts/job.ts';
import { area, type ScoredBox } from './boxes.ts';

/** What makes somebody the subject of a photo. The weights add up to 1. */
const WEIGHTS = { size: 0.5, centrality: 0.3, confidence: 0.2 };

/**
 * The subject of the photo first, numbered from 1 in that order. The score of a person is the weighted sum of
 * - size: the side of a square of the box's area, as a share of the largest person's, so that somebody with half the
 *   area counts 0.71;
 * - centrality: 1 where the box's middle lies on the photo's vertical middle line, 0 at its left and right edge. Height
 *   does not count: where people stand in a photo says how far away they are, not whom it shows;
 * - confidence of the detection.
 */
export function rankPersons(found: readonly ScoredBox[], photoWidthPx: number): Person[] {
  const largest = Math.max(...found.map(({ box }) => area(box)));
  const toScore = ({ box, score }: ScoredBox) => {
    const size = Math.sqrt(area(box) / largest);
    const centrality = 1 - Math.abs((box[0] + box[2]) / photoWidthPx - 1);
    return WEIGHTS.size * size + WEIGHTS.centrality * centrality + WEIGHTS.confidence * score;
  };
  return found
    .toSorted((a, b) => toScore(b) - toScore(a))
    .map(({ box, score }, index) => ({ id: index + 1, confidence: score, box }));
}
