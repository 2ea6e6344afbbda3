import { describe, expect, it } from 'vitest';
import { readYoloPersons } from '../../src/inference/yolo-output.ts';

/** [1, 4 + classes, anchors] out of one list an anchor: x, y, width, height, then scores. */
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
  it('gives boxes by their corners, without overlaps, surest first', () => {
    const output = dense([
      [100, 100, 40, 80, 0.5, 0],
      [102, 100, 40, 80, 0.75, 0],
      [300, 100, 20, 20, 0.875, 0],
    ]);
    expect(readYoloPersons('yolo-dense', output, 0.25)).toEqual([
      { score: 0.875, box: [290, 90, 310, 110] },
      { score: 0.75, box: [82, 60, 122, 140] },
    ]);
  });

  it('holds no person where another class is sure', () => {
    expect(readYoloPersons('yolo-dense', dense([[100, 100, 40, 80, 0.125, 0.9]]), 0.25)).toEqual([]);
  });

  it('may have the one class of persons', () => {
    expect(readYoloPersons('yolo-dense', dense([[100, 100, 40, 80, 0.5]]), 0.25)).toHaveLength(1);
  });

  it.each([1.66, -0.5, Number.NaN])('is refused with a score of %d', (score) => {
    expect(() => readYoloPersons('yolo-dense', dense([[100, 100, 40, 80, score]]), 0.25)).toThrowError(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });

  it('is refused in another shape', () => {
    const output = { data: new Float32Array(8), dims: [1, 8] };
    expect(() => readYoloPersons('yolo-dense', output, 0.25)).toThrowError(/\[1, 8\]/);
  });
});

describe('an end-to-end YOLO output', () => {
  it('gives persons only, surest first', () => {
    const output = endToEnd([
      [10, 20, 30, 40, 0.5, 0],
      [11, 21, 31, 41, 0.75, 2],
      [50, 20, 70, 40, 0.625, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(readYoloPersons('yolo-end-to-end', output, 0.25)).toEqual([
      { score: 0.625, box: [50, 20, 70, 40] },
      { score: 0.5, box: [10, 20, 30, 40] },
    ]);
  });

  it('is refused in the dense shape', () => {
    expect(() => readYoloPersons('yolo-end-to-end', dense([[1, 1, 1, 1, 0.5]]), 0.25)).toThrowError(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });
});
