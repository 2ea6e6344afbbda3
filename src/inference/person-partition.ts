import type { Box } from '../contracts/job.ts';
import { eachNeighbour, GRID_PIXELS, GRID_PX } from './mask-grid.ts';
import { MinQueue } from './min-queue.ts';

/** Alpha from which a pixel shows some person rather than the background. */
const SOLID = 128;
/**
 * How much deeper in one person's box than in any other's a pixel must lie to be that person's without question.
 * The smaller margins are for boxes that hide the first person's middle.
 */
const SEED_MARGINS = [0.35, 0.15, 0];
/** Share of a box's height, about its middle, that holds seeds. */
const CORE_HEIGHT = 0.75;
/** Of a step between two pixels of the same colour, and of one over background: neighbours grow along a body first. */
const STEP_COST = 1;
const BACKGROUND_COST = 40;

/**
 * Which person each pixel of the grid shows, as an index into `boxes`, where mattes tell persons from background but
 * not from each other. Pixels deep in one box only are seeds; the rest goes to the person whose seeds are nearest on a
 * path that avoids edges of colour and background: an image foresting transform (Falcao, Stolfi and Lotufo 2004) with
 * additive costs. Boxes are in pixels of the grid and may reach over it.
 */
export function partitionPersons(alpha: Uint8Array, rgb: Uint8Array, boxes: readonly Box[]): Uint8Array {
  const owner = new Uint8Array(GRID_PIXELS);
  const cost = new Float64Array(GRID_PIXELS).fill(Number.POSITIVE_INFINITY);
  const queue = new MinQueue();
  for (const [pixel, person] of findSeeds(alpha, boxes)) {
    owner[pixel] = person;
    cost[pixel] = 0;
    queue.push(pixel, 0);
  }
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { item: pixel, priority } = next;
    if (priority > cost[pixel]!) {
      continue;
    }
    eachNeighbour(pixel, (neighbour) => {
      const through =
        priority +
        STEP_COST +
        colourDistance(rgb, pixel, neighbour) +
        (alpha[neighbour]! < SOLID ? BACKGROUND_COST : 0);
      if (through < cost[neighbour]!) {
        cost[neighbour] = through;
        owner[neighbour] = owner[pixel]!;
        queue.push(neighbour, through);
      }
    });
  }
  return owner;
}

/** Pixels with the index of their person. */
function findSeeds(alpha: Uint8Array, boxes: readonly Box[]): Map<number, number> {
  const seeds = new Map<number, number>();
  for (const margin of SEED_MARGINS) {
    for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
      const person = alpha[pixel]! >= SOLID ? deepest(pixel, boxes, margin) : undefined;
      if (person !== undefined) {
        seeds.set(pixel, person);
      }
    }
    if ([...seeds.values()].includes(0)) {
      break;
    }
  }
  return seeds;
}

function deepest(pixel: number, boxes: readonly Box[], margin: number): number | undefined {
  const depths = boxes.map((box) => depthIn(box, pixel % GRID_PX, Math.floor(pixel / GRID_PX)));
  const [first = 0, second = 0] = depths.toSorted((a, b) => b - a);
  return first > 0 && first - second >= margin ? depths.indexOf(first) : undefined;
}

/**
 * 1 in the middle of the box, 0 at its sides and towards its top and bottom: heads sit at the top of one box and often
 * in the middle of another, and feet stand wherever they like.
 */
function depthIn([x1, y1, x2, y2]: Box, x: number, y: number): number {
  const across = Math.abs((2 * x - x1 - x2) / (x2 - x1));
  const along = Math.abs((2 * y - y1 - y2) / (y2 - y1));
  return across > 1 || along > CORE_HEIGHT ? 0 : (1 - across) * (1 - along ** 2 / 2);
}

function colourDistance(rgb: Uint8Array, a: number, b: number): number {
  return (
    Math.abs(rgb[3 * a]! - rgb[3 * b]!) +
    Math.abs(rgb[3 * a + 1]! - rgb[3 * b + 1]!) +
    Math.abs(rgb[3 * a + 2]! - rgb[3 * b + 2]!)
  );
}
