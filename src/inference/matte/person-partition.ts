import type { Box } from '../../contracts/schemas/job-outcome.ts';
import { type GridPerson, isInFront } from './grid-person.ts';
import { eachNeighbour, GRID_PIXELS, GRID_PX } from './mask-grid.ts';

/** Minimum alpha for a pixel to show a person rather than background. */
const SOLID = 128;
/**
 * How much deeper a seed must lie in its person's core than in any other core. The second value applies if the first
 * gives the first person no seeds.
 */
const SEED_MARGINS = [0.35, 0];
/** Beyond the first person's box by this share of its sides, pixels are not theirs. */
const REACH = 0.05;
/**
 * Cost of a step to a pixel of the same colour, and extra cost over background, so that regions grow along a body
 * first.
 */
const STEP_COST = 1;
const BACKGROUND_COST = 40;

/**
 * Assigns each pixel of the grid to a person, as an index into `persons`; an index past the end is an undetected
 * person. It is needed because mattes separate people from the background but not from each other. Pixels deep in only
 * one core are seeds. The others go to the person whose seeds are nearest by a path that avoids colour edges and
 * background: an image foresting transform (Falcao, Stolfi and Lotufo 2004) with additive costs.
 */
export function partitionPersons(
  alpha: Uint8Array,
  rgb: Uint8Array,
  persons: readonly [GridPerson, ...GridPerson[]],
): Uint8Array {
  const owner = new Uint8Array(GRID_PIXELS);
  const cost = new Float64Array(GRID_PIXELS).fill(Number.POSITIVE_INFINITY);
  const queue = new MinQueue();
  for (const [pixel, person] of findSeeds(alpha, persons)) {
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

/** Maps seed pixels to the index of their person. */
function findSeeds(alpha: Uint8Array, persons: readonly [GridPerson, ...GridPerson[]]): Map<number, number> {
  const seeds = new Map<number, number>();
  const inFront = persons.map((person) => persons.filter((other) => isInFront(other, person)));
  for (const margin of SEED_MARGINS) {
    let first = 0;
    for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
      const [x, y] = [pixel % GRID_PX, Math.floor(pixel / GRID_PX)];
      const person = alpha[pixel]! >= SOLID ? seedAt(x, y, persons, inFront, margin) : undefined;
      if (person !== undefined) {
        seeds.set(pixel, person);
        first += person === 0 ? 1 : 0;
      }
    }
    if (first > 0) {
      break;
    }
  }
  return seeds;
}

function seedAt(
  x: number,
  y: number,
  persons: readonly [GridPerson, ...GridPerson[]],
  inFront: readonly GridPerson[][],
  margin: number,
): number | undefined {
  let best = 0;
  let second = 0;
  let seed: number | undefined;
  for (const [index, { core }] of persons.entries()) {
    const hidden = inFront[index]!.some(({ box }) => isWithin(box, x, y, 0));
    const depth = hidden ? 0 : depthIn(core, x, y);
    if (depth > best) {
      second = best;
      best = depth;
      seed = index;
    } else {
      second = Math.max(second, depth);
    }
  }
  if (seed !== undefined) {
    return best - second >= margin ? seed : undefined;
  }
  const isUndetected =
    !isWithin(persons[0].box, x, y, REACH) && persons.every(({ box }) => !isWithin(box, x, y, 0));
  return isUndetected ? persons.length : undefined;
}

/** 1 on the vertical middle line of the box, 0 at its sides and outside. */
function depthIn([x1, y1, x2, y2]: Box, x: number, y: number): number {
  return y < y1 || y > y2 ? 0 : Math.max(0, 1 - Math.abs((2 * x - x1 - x2) / (x2 - x1)));
}

/** Whether the point lies in the box, enlarged on each side by a share of its size. */
function isWithin([x1, y1, x2, y2]: Box, x: number, y: number, larger: number): boolean {
  const [dx, dy] = [larger * (x2 - x1), larger * (y2 - y1)];
  return x >= x1 - dx && x <= x2 + dx && y >= y1 - dy && y <= y2 + dy;
}

function colourDistance(rgb: Uint8Array, a: number, b: number): number {
  return (
    Math.abs(rgb[3 * a]! - rgb[3 * b]!) +
    Math.abs(rgb[3 * a + 1]! - rgb[3 * b + 1]!) +
    Math.abs(rgb[3 * a + 2]! - rgb[3 * b + 2]!)
  );
}

/** Monotone priority queue for small whole priorities (Dial 1969): one bucket per priority, visited in order. */
class MinQueue {
  readonly #buckets: number[][] = [];
  #at = 0;

  push(item: number, priority: number): void {
    const bucket = this.#buckets[priority];
    if (bucket) {
      bucket.push(item);
    } else {
      this.#buckets[priority] = [item];
    }
  }

  /** Removes the item with the lowest priority. Later pushes must not have a lower one. */
  pop(): { item: number; priority: number } | undefined {
    for (; this.#at < this.#buckets.length; this.#at += 1) {
      const item = this.#buckets[this.#at]?.pop();
      if (item !== undefined) {
        return { item, priority: this.#at };
      }
    }
  }
}
