import { describe, expect, it } from 'vitest';
import { rankPersons } from '../../../src/inference/detect/person-ranking.ts';

describe('person ranking', () => {
  it('ranks a large person before a small one with a higher confidence', () => {
    const persons = rankPersons(
      [
        { box: [460, 400, 540, 600], score: 0.95 },
        { box: [100, 100, 500, 900], score: 0.8 },
      ],
      1000,
    );
    expect(persons).toEqual([
      { id: 1, confidence: 0.8, box: [100, 100, 500, 900] },
      { id: 2, confidence: 0.95, box: [460, 400, 540, 600] },
    ]);
  });

  it('ranks the person in the middle first among people of the same size', () => {
    const at = (x: number) => ({
      box: [x - 50, 100, x + 50, 400] as [number, number, number, number],
      score: 0.9,
    });
    const persons = rankPersons([at(100), at(520), at(900)], 1000);
    expect(persons.map(({ box }) => box[0])).toEqual([470, 50, 850]);
  });

  it('is empty without people', () => {
    expect(rankPersons([], 1000)).toEqual([]);
  });
});
