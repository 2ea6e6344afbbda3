import { blurBehind } from '../../media/blur-behind.ts';

export interface Preview {
  picture: ImageBitmap;
  /** Estimated position of the person, as alpha. */
  sketch: HTMLCanvasElement;
  /** Value of the API field `background`. */
  background: string;
  /** The chosen image, if `background` is `image`. */
  behind: Blob | undefined;
}

/** Draws the photo with the chosen background, using the sketch of the person. */
export async function drawPreview(
  canvas: HTMLCanvasElement,
  preview: Preview,
  signal: AbortSignal,
): Promise<void> {
  const { picture, sketch, background, behind } = preview;
  const { width, height } = picture;
  const plate =
    background === 'image' && behind ? await createImageBitmap(behind).catch(() => undefined) : undefined;
  if (signal.aborted) {
    return;
  }
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  if (background === 'original' || (background === 'image' && !plate)) {
    context.drawImage(picture, 0, 0);
    return;
  }
  context.drawImage(cutOut(picture, sketch), 0, 0);
  if (background === 'transparent') {
    return;
  }
  // Draw behind the person.
  context.globalCompositeOperation = 'destination-over';
  if (background === 'blur') {
    context.imageSmoothingQuality = 'high';
    context.drawImage(blurBehind(picture, sketch), 0, 0, width, height);
  } else if (plate) {
    const scale = Math.max(width / plate.width, height / plate.height);
    const [w, h] = [plate.width * scale, plate.height * scale];
    context.drawImage(plate, (width - w) / 2, (height - h) / 2, w, h);
    plate.close();
  } else {
    context.fillStyle = background;
    context.fillRect(0, 0, width, height);
  }
}

function cutOut(picture: ImageBitmap, sketch: HTMLCanvasElement): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.filter = `blur(${Math.round(picture.width / 160)}px)`;
  context.drawImage(sketch, 0, 0, picture.width, picture.height);
  context.filter = 'none';
  context.globalCompositeOperation = 'source-in';
  context.drawImage(picture, 0, 0);
  return canvas;
}
