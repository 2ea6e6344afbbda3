import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/schemas/job-outcome.ts';
import type { GridPerson } from '../../../src/inference/matte/grid-person.ts';
import { toGridPerson } from '../../../src/inference/matte/grid-person.ts';
import { GRID_PIXELS, GRID_PX } from '../../../src/inference/matte/mask-grid.ts';
import { isolatePerson } from '../../../src/inference/matte/person-mask.ts';

/** The grid as a photo of the same size. */
const whole = { left: 0, top: 0, width: GRID_PX, height: GRID_PX };
const person = (box: Box): GridPerson => toGridPerson(box, whole);

/** A matte and its picture, drawn by rectangles of one colour each. */
function scene() {
  const alpha = new Uint8Array(GRID_PIXELS);
  const rgb = new Uint8Array(3 * GRID_PIXELS).fill(230);
  return {
    alpha,
    rgb,
    draw([x1, y1, x2, y2]: Box, colour: number, opacity = 255) {
      for (let y = y1; y < y2; y += 1) {
        alpha.fill(opacity, y * GRID_PX + x1, y * GRID_PX + x2);
        rgb.fill(colour, 3 * (y * GRID_PX + x1), 3 * (y * GRID_PX + x2));
      }
    },
  };
}

const at = (grid: Uint8Array, x: number, y: number) => grid[y * GRID_PX + x];

describe('one person out of a matte of several', () => {
  it('keeps the chosen one of two touching people, along the edge between their clothes', () => {
    const { alpha, rgb, draw } = scene();
    draw([30, 60, 120, 250], 40);
    draw([120, 60, 210, 250], 140);
    const [left, right] = [person([30, 60, 125, 250]), person([115, 60, 210, 250])];
    const { keep } = isolatePerson(alpha, rgb, left, [right]);
    expect([at(keep, 75, 150), at(keep, 118, 70), at(keep, 122, 70), at(keep, 165, 150)]).toEqual([
      255, 255, 0, 0,
    ]);
    const { keep: other } = isolatePerson(alpha, rgb, right, [left]);
    expect([at(other, 75, 150), at(other, 118, 70), at(other, 122, 70), at(other, 165, 150)]).toEqual([
      0, 0, 255, 255,
    ]);
  });

  it('removes an undetected bystander', () => {
    const { alpha, rgb, draw } = scene();
    draw([60, 40, 160, 250], 40);
    draw([200, 100, 250, 250], 90);
    const { keep } = isolatePerson(alpha, rgb, person([60, 40, 160, 250]), []);
    expect([at(keep, 110, 150), at(keep, 225, 180)]).toEqual([255, 0]);
  });

  it('keeps a child in arms, whose box lies inside', () => {
    const { alpha, rgb, draw } = scene();
    draw([60, 10, 200, 250], 40);
    draw([100, 100, 150, 180], 200);
    const { keep } = isolatePerson(alpha, rgb, person([60, 10, 200, 250]), [person([100, 100, 150, 180])]);
    expect(at(keep, 125, 140)).toBe(255);
  });

  it('separates a small person in front of a large one', () => {
    const { alpha, rgb, draw } = scene();
    draw([20, 5, 240, 255], 40);
    draw([90, 120, 150, 255], 200);
    const { keep } = isolatePerson(alpha, rgb, person([90, 120, 150, 255]), [person([20, 5, 240, 255])]);
    expect([at(keep, 120, 200), at(keep, 120, 40), at(keep, 40, 200)]).toEqual([255, 0, 0]);
  });
});

describe('the clean-up of a matte', () => {
  const body: Box = [60, 20, 200, 250];

  it('removes islands, and keeps attached hair and hands', () => {
    const { alpha, rgb, draw } = scene();
    draw(body, 40);
    draw([200, 100, 215, 104], 40, 90);
    draw([63, 8, 69, 14], 40);
    const { keep } = isolatePerson(alpha, rgb, person([60, 5, 215, 250]), []);
    expect([at(keep, 210, 102), at(keep, 66, 11)]).toEqual([255, 0]);
  });

  it('closes small holes, and keeps the one between arm and body', () => {
    const { alpha, rgb, draw } = scene();
    draw(body, 40);
    draw([120, 100, 126, 106], 40, 60);
    draw([80, 150, 110, 200], 230, 0);
    const { fill } = isolatePerson(alpha, rgb, person(body), []);
    expect([at(fill, 123, 103), at(fill, 95, 175)]).toEqual([255, 0]);
  });

  it('finds nothing in an empty matte', () => {
    const { alpha, rgb } = scene();
    const { keep, fill } = isolatePerson(alpha, rgb, person(body), [person([100, 20, 240, 250])]);
    expect([Math.max(...keep), Math.max(...fill)]).toEqual([0, 0]);
  });
});
