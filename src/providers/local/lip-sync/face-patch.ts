import { boundsOf } from '../../../inference/face/face-landmarks.ts';
import { FACE_SIDE } from '../../../inference/speech/lip-sync-model.ts';
import { smoothstep } from '../curves.ts';
import type { FacePoints } from '../face/face-points.ts';
import type { FrameSize } from '../face/framing.ts';

const PLANE = FACE_SIDE * FACE_SIDE;
/** Margin below the chin as a share of the face's height, because Wav2Lip was trained on larger boxes. */
const BELOW_CHIN = 0.08;

/** Converts the face in a frame to the model's input, and its output back. */
interface FacePatch {
  /** Writes the six planes of the face to `out`. */
  read(picture: Uint32Array, out: Float32Array, at: number): void;
  /** Draws the model's lower face over the picture, with a soft edge. */
  paste(picture: Uint32Array, planes: Float32Array, at: number): void;
}

export function createFacePatch(points: FacePoints, { widthPx, heightPx }: FrameSize): FacePatch {
  const [x1, y1, x2, y2] = boundsOf(points);
  const left = Math.max(0, Math.floor(x1));
  const top = Math.max(0, Math.floor(y1));
  const width = Math.min(widthPx, Math.ceil(x2)) - left;
  const height = Math.min(heightPx, Math.ceil(y2 + BELOW_CHIN * (y2 - y1))) - top;

  return {
    read(picture, out, at) {
      for (let row = 0; row < FACE_SIDE; row += 1) {
        for (let column = 0; column < FACE_SIDE; column += 1) {
          const [r, g, b] = meanOf(picture, row, column);
          const own = row * FACE_SIDE + column;
          const isSeen = row < FACE_SIDE / 2 ? 1 : 0;
          [b, g, r].forEach((value, channel) => {
            out[at + channel * PLANE + own] = isSeen * value;
            out[at + (3 + channel) * PLANE + own] = value;
          });
        }
      }
    },
    paste(picture, planes, at) {
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
          const cover = coverAt((x + 0.5) / width, (y + 0.5) / height);
          if (cover > 0) {
            const target = (top + y) * widthPx + left + x;
            picture[target] = mixed(picture[target]!, planes, at, x, y, cover);
          }
        }
      }
    },
  };

  /** Mean of the picture's pixels that one pixel of the model's face covers, 0 to 1. */
  function meanOf(picture: Uint32Array, row: number, column: number): [number, number, number] {
    const xFrom = left + Math.floor((column * width) / FACE_SIDE);
    const xTo = Math.max(xFrom + 1, left + Math.floor(((column + 1) * width) / FACE_SIDE));
    const yFrom = top + Math.floor((row * height) / FACE_SIDE);
    const yTo = Math.max(yFrom + 1, top + Math.floor(((row + 1) * height) / FACE_SIDE));
    let [r, g, b] = [0, 0, 0];
    for (let y = yFrom; y < yTo; y += 1) {
      for (let x = xFrom; x < xTo; x += 1) {
        const pixel = picture[y * widthPx + x]!;
        r += pixel & 255;
        g += (pixel >>> 8) & 255;
        b += (pixel >>> 16) & 255;
      }
    }
    const all = 255 * (xTo - xFrom) * (yTo - yFrom);
    return [r / all, g / all, b / all];
  }

  function mixed(
    pixel: number,
    planes: Float32Array,
    at: number,
    x: number,
    y: number,
    cover: number,
  ): number {
    const gx = Math.min(Math.max(((x + 0.5) * FACE_SIDE) / width - 0.5, 0), FACE_SIDE - 1.001);
    const gy = Math.min(Math.max(((y + 0.5) * FACE_SIDE) / height - 0.5, 0), FACE_SIDE - 1.001);
    const [column, row] = [Math.floor(gx), Math.floor(gy)];
    const [fx, fy] = [gx - column, gy - row];
    const channel = (plane: number, shift: number) => {
      const from = at + plane * PLANE + row * FACE_SIDE + column;
      const above = planes[from]! + (planes[from + 1]! - planes[from]!) * fx;
      const below =
        planes[from + FACE_SIDE]! + (planes[from + FACE_SIDE + 1]! - planes[from + FACE_SIDE]!) * fx;
      const own = (pixel >>> shift) & 255;
      const value = Math.min(255, Math.max(0, 255 * (above + (below - above) * fy)));
      return Math.round(own + (value - own) * cover) << shift;
    };
    return (channel(2, 0) | channel(1, 8) | channel(0, 16) | (pixel & 0xff000000)) >>> 0;
  }
}

/** 1 around the mouth, 0 above the middle of the nose and at the sides. x and y are shares of the patch. */
function coverAt(x: number, y: number): number {
  const down = smoothstep(0.5, 0.62, y) * (1 - smoothstep(0.9, 0.99, y));
  return down * (1 - smoothstep(0.3, 0.44, Math.abs(x - 0.5)));
}
