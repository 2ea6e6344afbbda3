import type { Box } from '../../contracts/job.ts';
import { type GridPerson, isBefore } from './grid-person.ts';
import { eachNeighbour, GRID_PIXELS, GRID_PX } from './mask-grid.ts';
import { MinQueue } from './min-queue.ts';

/** Alpha from which a pixel shows some person rather than the background. */
const SOLID = 128;
/**
 * How much deeper in one person's core than in any other's a pixel must lie to be that person's without question;
 * the second where the first gives the first person nothing.
 */
const SEED_MARGINS = [0.35, 0];
/** How far beyond the first person's box nothing is theirs any more, as a share of its sides. */
const REACH = 0.05;
/** Of a step between two pixels of the same colour, and of one over background: owners grow along a body first. */
const STEP_COST = 1;
const BACKGROUND_COST = 40;

/**
 * Which person each pixel of the grid shows, as an index into `persons`, where mattes tell persons from background but
 * not from each other; an index beyond the last is somebody undetected. Pixels deep in one core only are seeds; the rest
 * goes to the person whose seeds are nearest on a path that avoids edges of colour and background: an image foresting
 * transform (Falcao, Stolfi and Lotufo 2004) with additive costs.
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

/** Pixels with the index of their person. */
function findSeeds(alpha: Uint8Array, persons: readonly [GridPerson, ...GridPerson[]]): Map<number, number> {
  const seeds = new Map<number, number>();
  const hiders = persons.map((person) => persons.filter((somebody) => isBefore(somebody, person)));
  for (const margin of SEED_MARGINS) {
    let first = 0;
    for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
      const [x, y] = [pixel % GRID_PX, Math.floor(pixel / GRID_PX)];
      const person = alpha[pixel]! >= SOLID ? seedAt(x, y, persons, hiders, margin) : undefined;
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
  hiders: readonly GridPerson[][],
  margin: number,
): number | undefined {
  let best = 0;
  let second = 0;
  let seed: number | undefined;
  for (const [index, { core }] of persons.entries()) {
    const hidden = hiders[index]!.some(({ box }) => isWithin(box, x, y, 0));
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
  const nobodys =
    !isWithin(persons[0].box, x, y, REACH) && persons.every(({ box }) => !isWithin(box, x, y, 0));
  return nobodys ? persons.length : undefined;
}

/** 1 on the box's vertical middle line, 0 at its sides and beyond. */
function depthIn([x1, y1, x2, y2]: Box, x: number, y: number): number {
  return y < y1 || y > y2 ? 0 : Math.max(0, 1 - Math.abs((2 * x - x1 - x2) / (x2 - x1)));
}

/** Whether the point lies in the box, made larger on each side by a share of that side. */
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
