/** The crop as the mask's clean-up sees it: squares of bytes, `GRID_PX` to the side, however large the photo. */
export const GRID_PX = 256;
export const GRID_PIXELS = GRID_PX * GRID_PX;

/** Calls back for each of the up to four neighbours of a pixel of the grid. */
export function eachNeighbour(pixel: number, visit: (neighbour: number) => void): void {
  const x = pixel % GRID_PX;
  if (x > 0) {
    visit(pixel - 1);
  }
  if (x < GRID_PX - 1) {
    visit(pixel + 1);
  }
  if (pixel >= GRID_PX) {
    visit(pixel - GRID_PX);
  }
  if (pixel < GRID_PIXELS - GRID_PX) {
    visit(pixel + GRID_PX);
  }
}

/** The connected regions of the pixels that belong: lists of pixels. */
export function regions(belongs: (pixel: number) => boolean): number[][] {
  const seen = new Uint8Array(GRID_PIXELS);
  const found: number[][] = [];
  for (let first = 0; first < GRID_PIXELS; first += 1) {
    if (seen[first] || !belongs(first)) {
      continue;
    }
    seen[first] = 1;
    const region = [first];
    for (let at = 0; at < region.length; at += 1) {
      eachNeighbour(region[at]!, (neighbour) => {
        if (!seen[neighbour] && belongs(neighbour)) {
          seen[neighbour] = 1;
          region.push(neighbour);
        }
      });
    }
    found.push(region);
  }
  return found;
}

const LIES_AT = {
  top: (pixel: number) => pixel < GRID_PX,
  bottom: (pixel: number) => pixel >= GRID_PIXELS - GRID_PX,
  sides: (pixel: number) => pixel % GRID_PX === 0 || pixel % GRID_PX === GRID_PX - 1,
};

export function touches(region: readonly number[], border: keyof typeof LIES_AT): boolean {
  return region.some(LIES_AT[border]);
}
