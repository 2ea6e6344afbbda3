import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { openWav, readWav } from '../../../src/media/audio/wav.ts';
import { prepareAudio } from '../../../src/media/decode/prepare-audio.ts';
import { needs } from '../../harness/needs.ts';
import { type Expected, makeRecordings, RECORDING_KINDS } from '../../harness/recordings/recording-kinds.ts';
import { mediaDir } from '../../harness/shared-media.ts';

let folder: string;
let wavPath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-kinds-'));
  wavPath = join(folder, 'voice.wav');
});
afterAll(() => rm(folder, { recursive: true }));

/** Codecs pad their last block. */
const TOLERANCE_S = 0.25;

async function expectAs(path: string, expected: Expected): Promise<void> {
  if (typeof expected === 'string') {
    await expect(prepareAudio(path, wavPath)).rejects.toMatchObject({
      code: expected,
      message: expect.stringMatching(/\. \S.*\.$/),
    });
    return;
  }
  const { durationS, warning } =
    typeof expected === 'number' ? { durationS: expected, warning: undefined } : expected;

  const prepared = await prepareAudio(path, wavPath);

  expect(Math.abs(prepared.durationS - durationS)).toBeLessThan(TOLERANCE_S);
  expect(prepared.warnings).toEqual(warning ? [expect.stringMatching(warning)] : []);
  await using wav = await openWav(wavPath);
  expect(wav.frames / wav.sampleRateHz).toBeCloseTo(prepared.durationS, 6);
}

function make(name: string): string {
  return makeRecordings(folder, (other) => other === name)[0]!;
}

describe.each(RECORDING_KINDS)('$fault', ({ field, made }) => {
  for (const [name, expected] of Object.entries(field)) {
    needs('MEDIA_DIR').it(name, () => expectAs(join(mediaDir!, 'field', name), expected));
  }
  for (const [name, { expected }] of Object.entries(made)) {
    needs('ffmpeg').it(name, () => expectAs(make(name), expected));
  }
});

describe('what is heard', () => {
  /** Correlation with the voice that the recording was made from. */
  async function likeness(name: string): Promise<number> {
    await prepareAudio(make(name), wavPath);
    const { channels } = await readWav(wavPath);
    const [original] = (await readWav(new URL('../../../samples/voice.wav', import.meta.url).pathname))
      .channels;
    const length = Math.min(original!.length, channels[0]!.length);
    const mean = Float32Array.from(
      { length },
      (_, i) => channels.reduce((sum, samples) => sum + samples[i]!, 0) / channels.length,
    );
    return correlate(mean, original!.subarray(0, length));
  }

  needs('ffmpeg').it('is the same in every form of WAV', async () => {
    for (const name of [
      ...['sizes-ffffffff.wav', 'size-of-the-first-block.wav', 'bw64.wav', 'wave64.w64'],
      ...['big-endian-rifx.wav', 'a-law.wav', 'float-64.wav', 'float-with-gaps.wav'],
      ...['ima-adpcm-stereo.wav', 'ms-adpcm-stereo.wav', '8-bit.wav', 'pcm.caf', 'pcm.aiff'],
      ...['alac.caf', 'alac-stereo-24-bit.m4a', 'flac-in-ogg.oga'],
    ]) {
      expect(await likeness(name), name).toBeGreaterThan(0.98);
    }
  });

  needs('ffmpeg').it('does not vanish in the mean of opposite channels', async () => {
    expect(await likeness('opposite-and-quieter.wav')).toBeGreaterThan(0.98);
    expect(await likeness('second-channel-only.wav')).toBeGreaterThan(0.98);
  });

  needs('ffmpeg').it('is raised if it is very quiet, but without noise above -50 dB', async () => {
    await prepareAudio(make('quiet-24-bit.wav'), wavPath);
    const [samples] = (await readWav(wavPath)).channels;
    const peak = samples!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(20 * Math.log10(peak)).toBeGreaterThan(-20);
    expect(peak).toBeLessThan(0.3);
  });
});

function correlate(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}
