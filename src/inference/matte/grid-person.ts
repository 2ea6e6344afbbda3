import type { Box } from '../../contracts/job.ts';
import { area, intersection } from '../detect/boxes.ts';
import type { CropArea } from '../image/open-image.ts';
import { GRID_PX } from './mask-grid.ts';

/** A person on the grid. Both boxes may reach over it. */
export interface GridPerson {
  box: Box;
  /** Where the body is: without outstretched arms, head and feet. */
  core: Box;
}

/** Of a box's height. A wider box holds arms or legs at its sides. */
const WIDEST_CORE = 0.8;
const CORE_HEIGHT = 0.75;
/** Share of a box within another's from which it counts as wholly there. */
const WITHIN = 0.85;

/** @param box in pixels of the photo, of which the grid shows `crop`. */
export function toGridPerson(box: Box, crop: CropArea): GridPerson {
  const [x1, y1, x2, y2] = box;
  const [middleX, middleY] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const halfWidth = Math.min(x2 - x1, WIDEST_CORE * (y2 - y1)) / 2;
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

/** Whether somebody is in a person's arms or stands right before them: their box lies within that person's. */
export function isBefore(somebody: GridPerson, person: GridPerson): boolean {
  return (
    somebody !== person &&
    area(intersection(somebody.box, person.box)) >= WITHIN * area(somebody.box) &&
    area(somebody.box) < area(person.box)
  );
}

function toGrid([x1, y1, x2, y2]: Box, { left, top, width, height }: CropArea): Box {
  const [scaleX, scaleY] = [GRID_PX / width, GRID_PX / height];
  return [(x1 - left) * scaleX, (y1 - top) * scaleY, (x2 - left) * scaleX, (y2 - top) * scaleY];
}
