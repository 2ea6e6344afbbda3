import type { Person } from '../../contracts/schemas/job-outcome.ts';
import { area, type ScoredBox } from './boxes.ts';

/** How much each property makes a person the subject of a photo. The weights sum to 1. */
const WEIGHTS = { size: 0.5, centrality: 0.3, confidence: 0.2 };

/**
 * Ranks people by how likely each is the subject of the photo, and numbers them from 1. The score is the weighted sum
 * of
 * - size: the square root of the box's area, relative to the largest person. A person with half the area scores 0.71;
 * - centrality: 1 if the middle of the box is on the vertical middle line of the photo, 0 at its left and right edge.
 *   The vertical position does not count: it depends on the distance, not on the subject;
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
