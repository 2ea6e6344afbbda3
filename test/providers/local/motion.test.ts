import { describe, expect, it } from 'vitest';
import { blinkTimes, lidsAt } from '../../../src/providers/local/motion/blinks.ts';
import { motionOf } from '../../../src/providers/local/motion/motion.ts';
import type { Pose } from '../../../src/providers/local/motion/pose.ts';
import { seededRandom } from '../../../src/providers/local/motion/seeded-random.ts';
import type { VoiceAnalysis } from '../../../src/providers/local/voice/analyse-voice.ts';
import { smoothSeries } from '../../../src/series.ts';

const SECONDS = 4;
const syllables = heard((time) => time % 0.5 < 0.3);

/** The features of a voice that says "ah" now and then. */
function heard(isOn: (timeS: number) => boolean): VoiceAnalysis {
  const series = (on: number) =>
    smoothSeries(
      Float32Array.from({ length: SECONDS * 100 + 1 }, (_, i) => (isOn(i / 100) ? on : 0)),
      2,
    );
  return {
    shapes: {
      jaw: series(0.5),
      wide: series(0),
      close: series(0),
      lipOnTeeth: series(0),
      sibilant: series(0),
    },
    gate: { loudness: series(1), open: series(1) },
  };
}

function poses(voice: VoiceAnalysis, options: Partial<Parameters<typeof motionOf>[1]> = {}): Pose[] {
  const frames = SECONDS * 25;
  const poseAt = motionOf(voice, {
    frames,
    framesPerS: 25,
    seed: 'a',
    mouthOpen: false,
    grins: false,
    reach: 1,
    stillHead: false,
    ...options,
  });
  return Array.from({ length: frames }, (_, frame) => poseAt(frame));
}

describe('motion', () => {
  it('opens the jaw on sounds and shuts it between them', () => {
    const jaw = poses(syllables).map((pose) => pose.jaw);

    const at = (phase: number) => [1, 1.5, 2, 2.5].map((start) => jaw[Math.round((start + phase) * 25)]!);
    expect(Math.min(...at(0.16))).toBeGreaterThan(0.15);
    expect(Math.max(...at(0.4))).toBeLessThan(0.05);
  });

  it('is the same for the same seed, and different for another', () => {
    expect(poses(syllables)).toEqual(poses(syllables));
    expect(poses(syllables, { seed: 'b' })).not.toEqual(poses(syllables));
  });

  it('starts at rest', () => {
    const { yaw, pitch, roll, jaw, blink } = poses(heard((time) => time > 1))[0]!;

    expect([yaw, pitch, roll, jaw, blink].map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
  });

  it('keeps the head still in front of a background that shows the person', () => {
    for (const { yaw, pitch, roll, breath } of poses(syllables, { stillHead: true })) {
      expect([yaw, pitch, roll, breath]).toEqual([0, 0, 0, 0]);
    }
  });

  it('shows a grin before the first sound, and closes it until the last', () => {
    const grin = poses(
      heard((time) => time > 1.5),
      { mouthOpen: true, grins: true },
    );

    expect(grin[10]!.close).toBe(0);
    expect(Math.min(...grin.slice(45, 90).map((pose) => pose.close))).toBeGreaterThan(0.25);
  });

  it('moves the mouth less if the face allows less', () => {
    const jaw = (reach: number) => Math.max(...poses(syllables, { reach }).map((pose) => pose.jaw));

    expect(jaw(0.6)).toBeCloseTo(0.6 * jaw(1));
  });

  it('never lets the jaw jump', () => {
    const jaw = poses(syllables).map((pose) => pose.jaw);

    expect(Math.max(...jaw.slice(1).map((value, i) => Math.abs(value - jaw[i]!)))).toBeLessThanOrEqual(
      0.34 + 1e-6,
    );
  });
});

describe('blinks', () => {
  it('come every 2 to 5 seconds, close the lids whole and open them again before the end', () => {
    const times = blinkTimes(60, seededRandom('blinks'));

    const apart = times.slice(1).map((time, i) => time - times[i]!);
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(0.44);
    expect(Math.max(...apart)).toBeLessThan(5.3);
    expect(lidsAt(times, times[0]! + 0.1)).toBe(1);
    expect(lidsAt(times, times[0]! - 0.01)).toBe(0);
    expect(lidsAt(times, 60)).toBe(0);
  });
});
