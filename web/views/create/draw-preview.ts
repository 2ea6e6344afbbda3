import { blurBehind } from '../../media/blur-behind.ts';

export interface Preview {
  picture: ImageBitmap;
  /** The person with alpha, of the same shape. Without it the photo is drawn as it is. */
  cutout: ImageBitmap | undefined;
  /** Value of the API field `background`. */
  background: string;
  /** The chosen image, if `background` is `image`. */
  behind: Blob | undefined;
}

/** Draws the photo with the chosen background. */
export async function drawPreview(
  canvas: HTMLCanvasElement,
  preview: Preview,
  signal: AbortSignal,
): Promise<void> {
  const { picture, cutout, background, behind } = preview;
  const { width, height } = picture;
  const plate =
    background === 'image' && behind ? await createImageBitmap(behind).catch(() => undefined) : undefined;
  if (signal.aborted) {
    return;
  }
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  if (!cutout || background === 'original' || (background === 'image' && !plate)) {
    context.drawImage(picture, 0, 0);
    return;
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(cutout, 0, 0, width, height);
  if (background === 'transparent') {
    return;
  }
  // Draw behind the person.
  context.globalCompositeOperation = 'destination-over';
  if (background === 'blur') {
    context.drawImage(blurBehind(picture, cutout), 0, 0, width, height);
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
