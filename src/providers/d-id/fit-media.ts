import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../errors.ts';
import { openWav } from '../../media/audio/wav.ts';
import {
  Conversion,
  FilePathSource,
  FilePathTarget,
  Input,
  Mp4OutputFormat,
  Output,
  WAVE,
  whileCodecsRun,
} from '../../media/codecs/webcodecs.ts';
import { sharp } from '../../media/picture/image-library.ts';
import { AUDIO_LIMITS, IMAGE_LIMITS } from './limits.ts';

/** JPEG qualities, from hardly visible loss to clearly visible. The first that fits is used. */
const QUALITIES = [95, 85, 70, 50];

/** Allowance for the container, and for an encoder that exceeds its rate. */
const BITRATE_MARGIN = 0.9;
const MAX_BITRATE = 128_000;

export interface FittedFile {
  path: string;
  type: string;
  /** At most 50 characters of `a-z A-Z 0-9 . _ -`. */
  name: string;
}

/**
 * Fits the picture to D-ID's limits. Returns the file itself if it fits, or the largest JPEG that does, in `folder`.
 * @param name of the file at D-ID, without its extension
 */
export async function fitPortrait(path: string, folder: string, name: string): Promise<FittedFile> {
  const { width, height, format } = await sharp(path).metadata();
  const { size } = await stat(path);
  const fitted = fitSize(width, height);
  const fits = fitted.width === width && fitted.height === height && size <= IMAGE_LIMITS.bytes;
  if (fits && (format === 'png' || format === 'jpeg')) {
    return { path, type: `image/${format}`, name: `${name}.${format === 'png' ? 'png' : 'jpg'}` };
  }
  const target = join(folder, 'portrait.jpg');
  const resized = sharp(path).resize(fitted.width, fitted.height, { fit: 'fill' });
  for (const quality of QUALITIES) {
    const { size: bytes } = await resized.clone().jpeg({ quality }).toFile(target);
    if (bytes <= IMAGE_LIMITS.bytes) {
      return { path: target, type: 'image/jpeg', name: `${name}.jpg` };
    }
  }
  throw new PipelineError(
    'IMAGE_TOO_LARGE',
    `Expected a picture that fits in ${IMAGE_LIMITS.bytes / 1e6} MB for D-ID, but ${width} x ${height} pixels do not. Use a smaller photo.`,
  );
}

/** Shrinks to the maximum number of pixels, or enlarges to the minimum side. */
function fitSize(width: number, height: number): { width: number; height: number } {
  const down = Math.sqrt(IMAGE_LIMITS.pixels / (width * height));
  if (down < 1) {
    return { width: Math.floor(width * down), height: Math.floor(height * down) };
  }
  const up = Math.max(1, IMAGE_LIMITS.minSidePx / Math.min(width, height));
  return { width: Math.ceil(width * up), height: Math.ceil(height * up) };
}

/**
 * Fits the recording to D-ID's limits. Returns the WAV itself if it fits, or AAC in `folder`.
 * @throws PipelineError AUDIO_TOO_LONG before any work.
 */
export async function fitVoice(wavPath: string, folder: string): Promise<FittedFile> {
  await using wav = await openWav(wavPath);
  const durationS = wav.frames / wav.sampleRateHz;
  if (durationS > AUDIO_LIMITS.durationS) {
    throw new PipelineError(
      'AUDIO_TOO_LONG',
      `Expected a recording of at most 10 minutes for D-ID, but received ${(durationS / 60).toFixed(1)}. Shorten it, or use provider=local.`,
    );
  }
  if ((await stat(wavPath)).size <= AUDIO_LIMITS.bytes) {
    return { path: wavPath, type: 'audio/wav', name: 'voice.wav' };
  }
  const path = join(folder, 'voice.m4a');
  await writeM4a(wavPath, path, Math.min(MAX_BITRATE, (AUDIO_LIMITS.bytes * 8 * BITRATE_MARGIN) / durationS));
  return { path, type: 'audio/mp4', name: 'voice.m4a' };
}

/** Converts a WAV file to AAC in an MP4, piece by piece. @param bitrate bits per second */
async function writeM4a(wavPath: string, m4aPath: string, bitrate: number): Promise<void> {
  using input = new Input({ source: new FilePathSource(wavPath), formats: [WAVE] });
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: false }),
    target: new FilePathTarget(m4aPath),
  });
  const conversion = await Conversion.init({
    input,
    output,
    audio: { codec: 'aac', bitrate: Math.floor(bitrate), forceTranscode: true },
    showWarnings: false,
  });
  await whileCodecsRun(conversion.execute());
}
