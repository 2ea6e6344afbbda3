import { describe, expect, it } from 'vitest';
import { readYoloPersons } from '../../../src/inference/detect/yolo-output.ts';

const INPUT = { widthPx: 64, heightPx: 32 };

/** [1, 4 + classes, anchors] from one list for each anchor: x, y, width, height, then scores. */
function dense(anchors: number[][]) {
  const rows = anchors[0]?.length ?? 0;
  const data = new Float32Array(rows * anchors.length);
  anchors.forEach((anchor, column) => {
    anchor.forEach((value, row) => {
      data[row * anchors.length + column] = value;
    });
  });
  return { data, dims: [1, rows, anchors.length] };
}

function endToEnd(detections: number[][]) {
  return { data: Float32Array.from(detections.flat()), dims: [1, detections.length, 6] };
}

describe('a dense YOLO output', () => {
  it('yields boxes by their corners, without overlaps, most confident first', () => {
    const output = dense([
      [100, 100, 40, 80, 0.5, 0],
      [102, 100, 40, 80, 0.75, 0],
      [300, 100, 20, 20, 0.875, 0],
    ]);
    expect(readYoloPersons('yolo-dense', output, 0.25, INPUT)).toEqual([
      { score: 0.875, box: [290, 90, 310, 110] },
      { score: 0.75, box: [82, 60, 122, 140] },
    ]);
  });

  it('contains no person if another class is more confident', () => {
    expect(readYoloPersons('yolo-dense', dense([[100, 100, 40, 80, 0.125, 0.9]]), 0.25, INPUT)).toEqual([]);
  });

  it('is read for the person class of this model', () => {
    const output = dense([[100, 100, 40, 80, 0.9, 0.5]]);
    expect(readYoloPersons('yolo-dense', output, 0.25, { ...INPUT, personClass: 1 })).toMatchObject([
      { score: 0.5 },
    ]);
    expect(() => readYoloPersons('yolo-dense', output, 0.25, { ...INPUT, personClass: 2 })).toThrowError(
      /at least 3 classes/,
    );
  });

  it('suppresses duplicates as the manifest says', () => {
    const output = dense([
      [100, 100, 40, 80, 0.5],
      [110, 100, 40, 80, 0.75],
    ]);
    expect(readYoloPersons('yolo-dense', output, 0.25, INPUT)).toHaveLength(2);
    expect(readYoloPersons('yolo-dense', output, 0.25, { ...INPUT, maxIou: 0.5 })).toHaveLength(1);
  });

  it('may have a single class, person', () => {
    expect(readYoloPersons('yolo-dense', dense([[100, 100, 40, 80, 0.5]]), 0.25, INPUT)).toHaveLength(1);
  });

  it.each([1.66, -0.5, Number.NaN])('is refused with a score of %d', (score) => {
    expect(() => readYoloPersons('yolo-dense', dense([[100, 100, 40, 80, score]]), 0.25, INPUT)).toThrowError(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });

  it('is refused in another shape', () => {
    const output = { data: new Float32Array(8), dims: [1, 8] };
    expect(() => readYoloPersons('yolo-dense', output, 0.25, INPUT)).toThrowError(/\[1, 8\]/);
  });
});

describe('an end-to-end YOLO output', () => {
  it('yields people only, most confident first', () => {
    const output = endToEnd([
      [10, 20, 30, 40, 0.5, 0],
      [11, 21, 31, 41, 0.75, 2],
      [50, 20, 70, 40, 0.625, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(readYoloPersons('yolo-end-to-end', output, 0.25, INPUT)).toEqual([
      { score: 0.625, box: [50, 20, 70, 40] },
      { score: 0.5, box: [10, 20, 30, 40] },
    ]);
  });

  it('is refused in the dense shape', () => {
    expect(() => readYoloPersons('yolo-end-to-end', dense([[1, 1, 1, 1, 0.5]]), 0.25, INPUT)).toThrowError(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });
});

describe('a YOLOX output', () => {
  /** 8 x 4, 4 x 2 and 2 x 1 cells. */
  const anchors = () => Array.from({ length: 42 }, () => [0, 0, 0, 0, 0, 0, 0]);
  const output = (rows: number[][]) => ({ data: Float32Array.from(rows.flat()), dims: [1, rows.length, 7] });

  it('is decoded by the grids of its strides, with multiplied scores', () => {
    const rows = anchors();
    rows[8 + 3] = [0.5, 0.25, Math.log(2), Math.log(3), 0.5, 1, 0];
    rows[32 + 4 + 1] = [0, 0, 0, Math.log(2), 1, 0.75, 1];
    const [first, second, ...others] = readYoloPersons('yolox', output(rows), 0.25, INPUT);
    expect(first?.score).toBe(0.75);
    expect(first?.box.map(Math.round)).toEqual([8, -0, 24, 32]);
    expect(second?.score).toBeCloseTo(0.5);
    for (const [side, expected] of [20, -2, 36, 22].entries()) {
      expect(second?.box[side]).toBeCloseTo(expected, 4);
    }
    expect(others).toEqual([]);
  });

  it('is refused if it belongs to another input size', () => {
    expect(() => readYoloPersons('yolox', output(anchors().slice(1)), 0.25, INPUT)).toThrowError(/64 x 32/);
  });
});
