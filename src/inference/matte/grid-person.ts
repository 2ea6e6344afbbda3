import type { Box } from '../../contracts/schemas/job-outcome.ts';
import { area, intersection } from '../detect/boxes.ts';
import type { CropArea } from '../image/raster.ts';
import { GRID_PX } from './mask-grid.ts';

/** A person on the grid. Both boxes may extend beyond it. */
export interface GridPerson {
  box: Box;
  /** The body, without outstretched arms, head and feet. */
  core: Box;
}

/** As shares of the box's height. A wider box has arms or legs at its sides. */
const MAX_CORE_WIDTH = 0.8;
const CORE_HEIGHT = 0.75;
/** Minimum share of a box inside another box to count as contained. */
const WITHIN = 0.85;

/**
 * @param box in pixels of the photo
 * @param crop the part of the photo that the grid shows
 */
export function toGridPerson(box: Box, crop: CropArea): GridPerson {
  const [x1, y1, x2, y2] = box;
  const [middleX, middleY] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const halfWidth = Math.min(x2 - x1, MAX_CORE_WIDTH * (y2 - y1)) / 2;
  const halfHeight = (CORE_HEIGHT * (y2 - y1)) / 2;
  return {
    box: toGrid(box, crop),
    core: toGrid(
      [middleX - halfWidth, middleY - halfHeight, middleX + halfWidth, middleY + halfHeight],
      crop,
    ),
  };
}

export function isOnGrid({ box }: GridPerson): boolean {
  return area(intersection(box, [0, 0, GRID_PX, GRID_PX])) > 0;
}

/** Whether `other` is in the person's arms or right in front: their box lies inside the person's. */
export function isInFront(other: GridPerson, person: GridPerson): boolean {
  return (
    other !== person &&
    area(intersection(other.box, person.box)) >= WITHIN * area(other.box) &&
    area(other.box) < area(person.box)
  );
}

function toGrid([x1, y1, x2, y2]: Box, { left, top, width, height }: CropArea): Box {
  const [scaleX, scaleY] = [GRID_PX / width, GRID_PX / height];
  return [(x1 - left) * scaleX, (y1 - top) * scaleY, (x2 - left) * scaleX, (y2 - top) * scaleY];
}
