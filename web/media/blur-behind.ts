/** Working size of the server, which draws the same. Such a strong blur leaves no finer detail. */
const LONG_SIDE_PX = 320;
/** Growth of the person's region, so that hair and soft edges do not glow around the head. */
const MARGIN_PX = 5;
/** Drawn over itself this often, a pixel of any opacity above 1 % is opaque. */
const SATURATION = 9;

/** A picture that a canvas can draw. */
export type Drawable = ImageBitmap | HTMLImageElement | HTMLCanvasElement;

/**
 * The photo out of focus and without the person, small: their region is filled from its surroundings, by averages that go up
 * a pyramid and come down again into the hole (pull-push).
 * @param person a picture of the same shape that is opaque where the person is
 */
export function blurBehind(photo: Drawable, person: Drawable): HTMLCanvasElement {
  const scale = Math.min(1, LONG_SIDE_PX / Math.max(photo.width, photo.height));
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  const [known, context] = createCanvas(width, height);
  context.drawImage(photo, 0, 0, width, height);
  context.globalCompositeOperation = 'destination-out';
  for (let x = -MARGIN_PX; x <= MARGIN_PX; x += MARGIN_PX) {
    for (let y = -MARGIN_PX; y <= MARGIN_PX; y += MARGIN_PX) {
      context.drawImage(person, x, y, width, height);
    }
  }
  // An eighth of the size, enlarged again by whoever draws it, blurs like the server.
  return fill(halve(halve(halve(known))));
}

/** Fills the transparent parts from coarser levels. */
function fill(known: HTMLCanvasElement): HTMLCanvasElement {
  const { width, height } = known;
  const isPixel = width === 1 && height === 1;
  const [filled, context] = createCanvas(width, height);
  if (!isPixel) context.drawImage(fill(halve(known)), 0, 0, width, height);
  for (let time = 0; time < (isPixel ? SATURATION : 1); time += 1) context.drawImage(known, 0, 0);
  return filled;
}

function halve(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const [half, context] = createCanvas(Math.ceil(canvas.width / 2), Math.ceil(canvas.height / 2));
  context.drawImage(canvas, 0, 0, half.width, half.height);
  return half;
}

function createCanvas(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  return [canvas, context];
}
