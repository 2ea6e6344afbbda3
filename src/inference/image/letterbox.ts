import { clamp } from '../../clamp.ts';
import type { Box } from '../../contracts/schemas/job-outcome.ts';
import type { ModelContract } from '../../models/model-manifest.ts';
import { openSized } from './open-image.ts';

/** A whole picture fitted to a model's input, padded or stretched. */
interface Letterbox {
  /** Interleaved RGB in the size of the model's input. */
  rgb: Uint8Array;
  /** Size of the picture. */
  widthPx: number;
  heightPx: number;
  /** Converts a box from the model's input to pixels of the picture, clipped to it. */
  toPicture(box: Box): Box;
}

interface LetterboxOptions {
  widthPx: number;
  heightPx: number;
  fit: ModelContract['input']['fit'];
  /** Grey of the padding, 0 to 255. */
  pad: number;
}

/** Decodes directly to the size of the model: a large JPEG is never decoded in full. */
export async function letterbox(image: string | Uint8Array, to: LetterboxOptions): Promise<Letterbox> {
  const { opened, widthPx: width, heightPx: height } = await openSized(image);
  const scale = Math.min(to.widthPx / width, to.heightPx / height);
  const innerWidth = to.fit === 'stretch' ? to.widthPx : Math.max(1, Math.round(width * scale));
  const innerHeight = to.fit === 'stretch' ? to.heightPx : Math.max(1, Math.round(height * scale));
  const left = Math.floor((to.widthPx - innerWidth) / 2);
  const top = Math.floor((to.heightPx - innerHeight) / 2);
  const rgb = await opened
    // Detectors are trained with it; Lanczos takes a third longer.
    .resize(innerWidth, innerHeight, { fit: 'fill', kernel: 'linear' })
    .extend({
      left,
      top,
      right: to.widthPx - innerWidth - left,
      bottom: to.heightPx - innerHeight - top,
      background: { r: to.pad, g: to.pad, b: to.pad },
    })
    .raw()
    .toBuffer();

  const toX = (x: number) => clamp(((x - left) * width) / innerWidth, 0, width);
  const toY = (y: number) => clamp(((y - top) * height) / innerHeight, 0, height);
  return {
    rgb,
    widthPx: width,
    heightPx: height,
    toPicture: ([x1, y1, x2, y2]) => [toX(x1), toY(y1), toX(x2), toY(y2)],
  };
}
