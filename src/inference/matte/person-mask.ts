import type { Box } from '../../contracts/job.ts';
import { type GridPerson, isBefore } from './grid-person.ts';
import { GRID_PIXELS, GRID_PX, regions, touches } from './mask-grid.ts';
import { partitionPersons } from './person-partition.ts';

/** Alpha below which a pixel joins nothing, and from which it is wholly the person. */
const FAINT = 24;
const OPAQUE = 230;
/** Shares of the person's largest region: what is smaller is dirt, what is smaller and enclosed is a hole in the mask. */
const SMALLEST_ISLAND = 0.02;
const LARGEST_HOLE = 0.008;

export interface PersonMask {
  /** 255 where the alpha belongs to the person, 0 where it shows somebody else or nothing. */
  keep: Uint8Array;
  /** 255 where the person is opaque although the model was unsure. */
  fill: Uint8Array;
}

/**
 * One person out of an alpha that holds all of them, on the grid: other persons' pixels and islands go, small holes close.
 * What another person holds before this one stays when their box lies within this one's: cutting it out would leave a hole.
 */
export function isolatePerson(
  alpha: Uint8Array,
  rgb: Uint8Array,
  person: GridPerson,
  others: readonly GridPerson[],
): PersonMask {
  const { box } = person;
  const apart = others.filter((other) => !isBefore(other, person));
  const owner =
    apart.length > 0 ? partitionPersons(alpha, rgb, [person, ...apart]) : new Uint8Array(GRID_PIXELS);

  const bodies = regions((pixel) => alpha[pixel]! >= FAINT && owner[pixel] === 0);
  const inside = bodies.map((body) => countIn(box, body));
  const largest = Math.max(0, ...inside);
  const keep = new Uint8Array(GRID_PIXELS);
  for (const [index, body] of bodies.entries()) {
    // An undetected neighbour is an island that lies mostly beside the person's box.
    if (inside[index]! >= SMALLEST_ISLAND * largest && inside[index]! >= body.length / 2) {
      for (const pixel of body) {
        keep[pixel] = 255;
      }
    }
  }

  const fill = new Uint8Array(GRID_PIXELS);
  for (const hole of regions((pixel) => alpha[pixel]! < OPAQUE && owner[pixel] === 0)) {
    if (hole.length <= LARGEST_HOLE * largest && isEnclosed(hole, box)) {
      for (const pixel of hole) {
        fill[pixel] = 255;
      }
    }
  }
  return { keep, fill };
}

/** A photo that cuts a person off at the bottom encloses what the person encloses on the other sides. */
function isEnclosed(hole: Int32Array, [, , , y2]: Box): boolean {
  return !touches(hole, 'top') && !touches(hole, 'sides') && (y2 >= GRID_PX - 1 || !touches(hole, 'bottom'));
}

function countIn([x1, y1, x2, y2]: Box, pixels: Int32Array): number {
  let count = 0;
  for (const pixel of pixels) {
    const x = pixel % GRID_PX;
    const y = (pixel - x) / GRID_PX;
    count += x >= x1 && x < x2 && y >= y1 && y < y2 ? 1 : 0;
  }
  return count;
}
