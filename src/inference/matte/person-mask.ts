import type { Box } from '../../contracts/schemas/job-outcome.ts';
import { type GridPerson, isInFront } from './grid-person.ts';
import { GRID_PIXELS, GRID_PX, regions, touches } from './mask-grid.ts';
import { partitionPersons } from './person-partition.ts';

/** Pixels with alpha below FAINT connect nothing; from OPAQUE on they belong wholly to the person. */
const FAINT = 24;
const OPAQUE = 230;
/** Shares of the person's largest region. Smaller islands are removed; enclosed holes up to that size are filled. */
const MIN_ISLAND = 0.02;
const MAX_HOLE = 0.008;

export interface PersonMask {
  /** 255 if the alpha belongs to the person, 0 if it belongs to another person or to none. */
  keep: Uint8Array;
  /** 255 if the person is opaque although the model was unsure. */
  fill: Uint8Array;
}

/**
 * Isolates one person in an alpha of all people, on the grid: removes pixels of others and islands, fills small holes.
 * People whose box lies inside this person's stay, because cutting them out would leave a hole.
 */
export function isolatePerson(
  alpha: Uint8Array,
  rgb: Uint8Array,
  person: GridPerson,
  others: readonly GridPerson[],
): PersonMask {
  const { box } = person;
  const apart = others.filter((other) => !isInFront(other, person));
  const owner =
    apart.length > 0 ? partitionPersons(alpha, rgb, [person, ...apart]) : new Uint8Array(GRID_PIXELS);

  const bodies = regions((pixel) => alpha[pixel]! >= FAINT && owner[pixel] === 0);
  const inside = bodies.map((body) => countIn(box, body));
  const largest = Math.max(0, ...inside);
  const keep = new Uint8Array(GRID_PIXELS);
  for (const [index, body] of bodies.entries()) {
    // An island that lies mostly outside the person's box is an undetected neighbour.
    if (inside[index]! >= MIN_ISLAND * largest && inside[index]! >= body.length / 2) {
      for (const pixel of body) {
        keep[pixel] = 255;
      }
    }
  }

  const fill = new Uint8Array(GRID_PIXELS);
  for (const hole of regions((pixel) => alpha[pixel]! < OPAQUE && owner[pixel] === 0)) {
    if (hole.length <= MAX_HOLE * largest && isEnclosed(hole, box)) {
      for (const pixel of hole) {
        fill[pixel] = 255;
      }
    }
  }
  return { keep, fill };
}

/** A hole at the bottom of the photo counts as enclosed if the photo cuts the person off there. */
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
