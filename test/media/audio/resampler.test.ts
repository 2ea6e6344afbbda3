import { describe, expect, it } from 'vitest';
import { createResampler } from '../../../src/media/audio/resampler.ts';

const sine = (hz: number, rateHz: number, seconds: number) =>
  Float32Array.from({ length: Math.round(rateHz * seconds) }, (_, n) =>
    Math.sin((2 * Math.PI * hz * n) / rateHz),
  );

/** In pieces of odd lengths, as decoders give them. */
function resample(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  const resampler = createResampler(fromHz, toHz);
  const pieces: number[] = [];
  for (let at = 0; at < samples.length; at += 1009) {
    pieces.push(...resampler.push(samples.subarray(at, at + 1009)));
  }
  return Float32Array.from([...pieces, ...resampler.end()]);
}

const largest = (samples: Float32Array) =>
  samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe('the resampler', () => {
  it.each([
    [96_000, 48_000],
    [88_200, 48_000],
    [11_127, 48_000],
    [6000, 48_000],
  ])('keeps a tone in tune and in time from %i to %i Hz', (fromHz, toHz) => {
    const output = resample(sine(440, fromHz, 1), fromHz, toHz);

    expect(Math.abs(output.length - toHz)).toBeLessThanOrEqual(1);
    const middle = output.subarray(4800, -4800);
    const expected = sine(440, toHz, 1).subarray(4800, 4800 + middle.length);
    expect(largest(middle.map((value, n) => value - expected[n]!))).toBeLessThan(0.001);
  });

  it('removes frequencies above the lower rate’s limit instead of aliasing them', () => {
    const output = resample(sine(30_000, 96_000, 0.5), 96_000, 48_000);

    expect(largest(output.subarray(4800, -4800))).toBeLessThan(0.002);
  });
});
