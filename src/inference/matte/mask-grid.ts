/** The mask is cleaned up on a square grid of bytes with this side, for photos of any size. */
export const GRID_PX = 256;
export const GRID_PIXELS = GRID_PX * GRID_PX;

/** Calls back for each of the up to four neighbours of a pixel. */
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

/** Finds the connected regions of the chosen pixels, each as a list of pixels. */
export function regions(isChosen: (pixel: number) => boolean): Int32Array[] {
  const left = new Uint8Array(GRID_PIXELS);
  for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
    left[pixel] = isChosen(pixel) ? 1 : 0;
  }
  // All regions, one after the other; the end of the list is also the queue of the current search.
  const pixels = new Int32Array(GRID_PIXELS);
  const found: Int32Array[] = [];
  let end = 0;
  const take = (pixel: number) => {
    if (left[pixel]) {
      left[pixel] = 0;
      pixels[end] = pixel;
      end += 1;
    }
  };
  for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
    const start = end;
    take(pixel);
    for (let at = start; at < end; at += 1) {
      eachNeighbour(pixels[at]!, take);
    }
    if (end > start) {
      found.push(pixels.subarray(start, end));
    }
  }
  return found;
}

const LIES_AT = {
  top: (pixel: number) => pixel < GRID_PX,
  bottom: (pixel: number) => pixel >= GRID_PIXELS - GRID_PX,
  sides: (pixel: number) => pixel % GRID_PX === 0 || pixel % GRID_PX === GRID_PX - 1,
};

export function touches(region: Int32Array, border: keyof typeof LIES_AT): boolean {
  return region.some(LIES_AT[border]);
}
