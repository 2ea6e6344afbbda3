import { describe, expect, it } from 'vitest';
import { area, intersection, iou, suppressOverlaps } from '../../../src/inference/detect/boxes.ts';

describe('boxes', () => {
  it('overlap by intersection over union', () => {
    expect(iou([0, 0, 10, 10], [0, 0, 10, 10])).toBe(1);
    expect(iou([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3);
    expect(iou([0, 0, 10, 10], [10, 0, 20, 10])).toBe(0);
  });

  it('without a common point have an empty intersection', () => {
    expect(area(intersection([0, 0, 4, 4], [6, 6, 9, 9]))).toBe(0);
  });

  it('that overlap a lot are reduced to the most confident one', () => {
    const kept = suppressOverlaps(
      [
        { box: [0, 0, 10, 10], score: 0.6 },
        { box: [1, 0, 11, 10], score: 0.9 },
        { box: [30, 0, 40, 10], score: 0.5 },
      ],
      0.7,
    );
    expect(kept.map(({ score }) => score)).toEqual([0.9, 0.5]);
  });
});
