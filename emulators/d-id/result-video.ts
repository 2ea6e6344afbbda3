import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readWav } from '../../src/media/audio/wav.ts';
import { sharp } from '../../src/media/picture/image-library.ts';
import type { Upload } from './account.ts';
import { createMp4Writer } from './mp4-writer.ts';

/** Side of the square that a plain talk shows, and the longest side of a whole portrait (d-id.com/faqs). */
const FACE_SIDE_PX = 512;
const MAX_SIDE_PX = 1280;
const FRAMES_PER_S = 25;
const MARK_PX = 16;

type Picture = Pick<Upload, 'path' | 'bytes'>;

/** Makes the videos of talks, once for each picture and voice. */
export class ResultVideos {
  readonly #folder: string;
  readonly #made = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns the path of an MP4 with the voice, the picture and a mark that moves over it. */
  make(image: Picture, voiceWavPath: string, stitch: boolean): Promise<string> {
    const name = createHash('sha256')
      .update(image.bytes)
      .update(voiceWavPath)
      .update(String(stitch))
      .digest('hex');
    const path = join(this.#folder, `${name}.mp4`);
    let made = this.#made.get(name);
    if (!made) {
      made = mkdir(this.#folder, { recursive: true }).then(() => drawTalk(image, voiceWavPath, stitch, path));
      this.#made.set(name, made);
    }
    return made;
  }
}

async function drawTalk(
  image: Picture,
  voiceWavPath: string,
  stitch: boolean,
  path: string,
): Promise<string> {
  const { data, info } = await sharp(image.path)
    .resize(
      stitch
        ? { width: MAX_SIDE_PX, height: MAX_SIDE_PX, fit: 'inside', withoutEnlargement: true }
        : { width: FACE_SIDE_PX, height: FACE_SIDE_PX, fit: 'cover', position: 'attention' },
    )
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const size = { widthPx: info.width - (info.width % 2), heightPx: info.height - (info.height % 2) };
  const { sampleRateHz, channels } = await readWav(voiceWavPath);
  const samples = channels[0]!.length;
  const frames = Math.max(1, Math.round((samples / sampleRateHz) * FRAMES_PER_S));
  await using writer = await createMp4Writer(path, {
    ...size,
    framesPerS: FRAMES_PER_S,
    frames,
    sound: { sampleRateHz, channels: channels.length, samples },
  });
  const still = cropRows(data, info.width, size);
  for (let frame = 0; frame < frames; frame += 1) {
    await writer.addFrame(withMark(still, size.widthPx, frame));
    const from = Math.round((frame / frames) * samples);
    const to = Math.round(((frame + 1) / frames) * samples);
    await writer.addSound(channels.map((channel) => channel.subarray(from, to)));
  }
  await writer.finish();
  return path;
}

function cropRows(
  rgba: Buffer,
  strideWidthPx: number,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
) {
  const cropped = Buffer.alloc(widthPx * heightPx * 4);
  for (let row = 0; row < heightPx; row += 1) {
    rgba.copy(cropped, row * widthPx * 4, row * strideWidthPx * 4, (row * strideWidthPx + widthPx) * 4);
  }
  return cropped;
}

/** A square that moves along the upper edge, so that the video visibly plays. */
function withMark(still: Buffer, widthPx: number, frame: number): Buffer {
  const picture = Buffer.from(still);
  const left = (frame * 4) % Math.max(1, widthPx - MARK_PX);
  for (let row = 0; row < MARK_PX; row += 1) {
    picture.fill(255, (row * widthPx + left) * 4, (row * widthPx + left + MARK_PX) * 4);
  }
  return picture;
}
