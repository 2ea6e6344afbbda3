import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMp4Writer } from '../../emulators/d-id/mp4-writer.ts';
import { readWav } from '../../src/media/audio/wav.ts';
import { FilePathSource, Input, MP4, VideoSampleSink } from '../../src/media/codecs/webcodecs.ts';
import { hasIndexInFront } from '../../src/media/decode/check-video.ts';
import { prepareAudio } from '../../src/media/decode/prepare-audio.ts';

const SIDE = 64;
const RED = [200, 30, 40] as const;
let folder: string;
let path: string;

/** A second of red, with a tone on the left and silence on the right. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mp4-writer-'));
  path = join(folder, 'red.mp4');
  const sound = { sampleRateHz: 16_000, channels: 2, samples: 16_000 };
  const writer = await createMp4Writer(path, {
    widthPx: SIDE,
    heightPx: SIDE,
    framesPerS: 25,
    frames: 25,
    sound,
  });
  const frame = new Uint8Array(SIDE * SIDE * 4);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    frame.set([...RED, 255], pixel * 4);
  }
  for (let index = 0; index < 25; index++) {
    await writer.addFrame(frame);
  }
  const tone = Float32Array.from({ length: 16_000 }, (_, n) => 0.5 * Math.sin(n / 5));
  await writer.addSound([tone, new Float32Array(16_000)]);
  await writer.finish();
});
afterAll(() => rm(folder, { recursive: true }));

describe('a written MP4', () => {
  it('has its index in front', async () => {
    expect(await hasIndexInFront(path)).toBe(true);
  });

  it('stores the colours by the matrix that it declares', async () => {
    using input = new Input({ source: new FilePathSource(path), formats: [MP4] });
    const track = (await input.getPrimaryVideoTrack())!;
    using sample = (await new VideoSampleSink(track).getSample(0.5))!;
    const planes = new Uint8Array(sample.allocationSize());
    await sample.copyTo(planes);

    expect(await track.getColorSpace()).toMatchObject({ matrix: 'smpte170m', fullRange: false });
    // ITU-R BT.601, limited range; BT.709 would give a luma of 73 in place of 86.
    const [r, g, b] = RED.map((value) => value / 255) as [number, number, number];
    const pixels = SIDE * SIDE;
    const middle = (SIDE / 2) * SIDE + SIDE / 2;
    const chroma = pixels + (SIDE / 4) * (SIDE / 2) + SIDE / 4;
    expect(Math.abs(planes[middle]! - (16 + 65.481 * r + 128.553 * g + 24.966 * b))).toBeLessThan(2.5);
    expect(Math.abs(planes[chroma]! - (128 - 37.797 * r - 74.203 * g + 112 * b))).toBeLessThan(2.5);
    expect(Math.abs(planes[chroma + pixels / 4]! - (128 + 112 * r - 93.786 * g - 18.214 * b))).toBeLessThan(
      2.5,
    );
  });

  it('keeps left and right apart', async () => {
    await prepareAudio(path, join(folder, 'sound.wav'));

    const { channels } = await readWav(join(folder, 'sound.wav'));
    const [left, right] = channels.map((samples) =>
      samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    );
    expect(left).toBeGreaterThan(0.4);
    expect(right).toBeLessThan(0.05);
  });
});
