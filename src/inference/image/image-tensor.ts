import type { ModelContract } from '../../models/model-manifest.ts';
import type { FloatTensor } from '../runtime/session.ts';

/** Converts interleaved RGB bytes to the floats that the model expects, [1, 3, height, width]. */
export function toImageTensor(
  rgb: Uint8Array,
  widthPx: number,
  heightPx: number,
  input: ModelContract['input'],
): FloatTensor {
  return toBatchTensor([rgb], widthPx, heightPx, input);
}

/**
 * The same for several pictures of one size, [pictures, 3, height, width]. Three tables of 256 entries replace
 * arithmetic on a million values.
 */
export function toBatchTensor(
  pictures: readonly Uint8Array[],
  widthPx: number,
  heightPx: number,
  { scale, mean, std, colour }: ModelContract['input'],
): FloatTensor {
  const plane = widthPx * heightPx;
  const data = new Float32Array(3 * plane * pictures.length);
  const [first, second, third] = ([0, 1, 2] as const).map((channel) =>
    Float32Array.from({ length: 256 }, (_, byte) => (byte * scale - mean[channel]) / std[channel]),
  ) as [Float32Array, Float32Array, Float32Array];
  const [red, blue] = colour === 'RGB' ? [0, 2] : [2, 0];
  for (const [index, rgb] of pictures.entries()) {
    const start = 3 * index * plane;
    for (let pixel = start, byte = 0; byte < 3 * plane; pixel += 1, byte += 3) {
      data[pixel] = first[rgb[byte + red]!]!;
      data[pixel + plane] = second[rgb[byte + 1]!]!;
      data[pixel + 2 * plane] = third[rgb[byte + blue]!]!;
    }
  }
  return { data, dims: [pictures.length, 3, heightPx, widthPx] };
}
