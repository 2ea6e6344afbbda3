import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMp4Writer } from '../../../emulators/d-id/mp4-writer.ts';
import { createWavWriter, readWav } from '../../../src/media/audio/wav.ts';
import { prepareAudio } from '../../../src/media/decode/prepare-audio.ts';

let folder: string;
let wavPath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-audio-'));
  wavPath = join(folder, 'voice.wav');
});
afterAll(() => rm(folder, { recursive: true }));

async function prepare(seconds: number, level: number, format = { sampleRateHz: 8000, channels: 1 }) {
  const path = join(folder, 'upload');
  const writer = await createWavWriter(path, format);
  const { sampleRateHz, channels } = format;
  const frames = Math.round(seconds * sampleRateHz);
  await writer.write(
    Float32Array.from({ length: frames * channels }, (_, index) => {
      const frame = Math.floor(index / channels);
      return level * Math.sin((2 * Math.PI * 440 * frame) / sampleRateHz);
    }),
  );
  await writer.finish();
  return prepareAudio(path, wavPath);
}

describe('preparing a recording', () => {
  it.each([
    [0.29, 0.5, 'AUDIO_TOO_SHORT'],
    [0, 0.5, 'AUDIO_TOO_SHORT'],
    [600.5, 0.5, 'AUDIO_TOO_LONG'],
    [1, 0.0009, 'AUDIO_SILENT'],
    [1, 0, 'AUDIO_SILENT'],
  ])('refuses %f seconds at a level of %f with %s', async (seconds, level, code) => {
    await expect(prepare(seconds, level)).rejects.toMatchObject({ code });
  });

  it('accepts a quiet recording, and reports its level', async () => {
    expect((await prepare(1, 0.002)).peakDb).toBeCloseTo(-54, 0);
  });

  it.each([
    [8000, 8000],
    [44_100, 44_100],
    [7350, 48_000],
    [44_056, 48_000],
    [96_000, 48_000],
  ])('writes a recording of %i Hz at %i Hz, as long and as loud as it was', async (from, to) => {
    const { durationS, peakDb } = await prepare(1, 0.5, { sampleRateHz: from, channels: 2 });

    const { sampleRateHz, channels } = await readWav(wavPath);
    expect(sampleRateHz).toBe(to);
    expect(channels).toHaveLength(2);
    expect(durationS).toBeCloseTo(1, 3);
    expect(peakDb).toBeCloseTo(-6, 0);
  });

  it('accepts the sound of a video', async () => {
    const path = join(folder, 'video.mp4');
    const sound = { sampleRateHz: 16_000, channels: 1, samples: 16_000 };
    await using writer = await createMp4Writer(path, {
      widthPx: 64,
      heightPx: 64,
      framesPerS: 25,
      frames: 25,
      sound,
    });
    const frame = new Uint8Array(64 * 64 * 4).fill(128);
    for (let index = 0; index < 25; index++) {
      await writer.addFrame(frame);
    }
    await writer.addSound([
      Float32Array.from({ length: 16_000 }, (_, n) => (n < 8000 ? 0 : 0.5 * Math.sin(n / 5))),
    ]);
    await writer.finish();

    const { durationS, sampleRateHz } = await prepareAudio(path, wavPath);

    expect(sampleRateHz).toBe(16_000);
    expect(durationS).toBeCloseTo(1, 1);
    const [samples] = (await readWav(wavPath)).channels;
    const onset = samples!.findIndex((value) => Math.abs(value) > 0.1);
    expect(Math.abs(onset / 16_000 - 0.5)).toBeLessThan(0.005);
  });
});
