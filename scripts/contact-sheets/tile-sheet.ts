import sharp, { type Sharp } from 'sharp';
import { boundsOf } from '../../src/inference/face/face-landmarks.ts';
import type { FacePoints } from '../../src/providers/local/face/face-points.ts';
import type { FrameSize } from '../../src/providers/local/face/framing.ts';

const TILE_PX = 260;

export interface Tile {
  name: string;
  png: Buffer;
}

/** Position of the face in a frame. */
export async function cutAround(
  picture: Uint32Array,
  { widthPx, heightPx }: FrameSize,
  points: FacePoints,
): Promise<{ png: Buffer }> {
  const [x1, y1, x2, y2] = boundsOf(points);
  const left = Math.max(0, Math.floor(x1));
  const top = Math.max(0, Math.floor(y1 + 0.12 * (y2 - y1)));
  const area = {
    left,
    top,
    width: Math.min(widthPx, Math.ceil(x2)) - left,
    height: Math.min(heightPx, Math.ceil(y2 + 0.06 * (y2 - y1))) - top,
  };
  return { png: await toTile(openFrame(picture, { widthPx, heightPx }).extract(area)) };
}

export async function wholeFrame(picture: Uint32Array, frame: FrameSize): Promise<{ png: Buffer }> {
  return { png: await toTile(openFrame(picture, frame)) };
}

/** Writes named tiles in rows. */
export async function tileSheet(tiles: Tile[], columns: number, path: string): Promise<void> {
  const rows = Math.ceil(tiles.length / columns);
  const pictures = tiles.flatMap(({ name, png }, i) => {
    const place = { left: (i % columns) * TILE_PX, top: Math.floor(i / columns) * TILE_PX };
    const text = { text: `<span foreground="yellow">${name}</span>`, rgba: true, dpi: 90 };
    return [
      { input: png, ...place },
      { input: { text }, ...place },
    ];
  });
  await sharp({
    create: { width: columns * TILE_PX, height: rows * TILE_PX, channels: 3, background: '#222' },
  })
    .composite(pictures)
    .jpeg({ quality: 88 })
    .toFile(path);
}

function openFrame(picture: Uint32Array, { widthPx, heightPx }: FrameSize): Sharp {
  const bytes = new Uint8Array(picture.buffer.slice(0));
  return sharp(bytes, { raw: { width: widthPx, height: heightPx, channels: 4 } }).removeAlpha();
}

function toTile(image: Sharp): Promise<Buffer> {
  return image.resize(TILE_PX, TILE_PX, { fit: 'contain', background: '#222' }).png().toBuffer();
}
