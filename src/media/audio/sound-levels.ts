/** How loud a recording is. */
export interface SoundLevels {
  /** Largest distance of a sample from 0, 1 is full scale. */
  peak: number;
  /** Half the distance from the smallest sample to the largest: the peak without a constant offset. */
  swing: number;
  /** Whether the second channel is the first one inverted, as with a plug that is wired the wrong way. */
  isOpposite: boolean;
}

/** Channels are opposite if their correlation is below this. Voices from two microphones are not. */
const OPPOSITE = -0.5;

/** Every so many samples are compared, which is enough for a correlation. */
const STRIDE = 8;

/** Measures the samples of a recording, piece by piece. */
export function createSoundLevels(channels: number) {
  const low = new Float32Array(channels).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(channels).fill(Number.NEGATIVE_INFINITY);
  // Of the differences between samples, because an offset or a rumble in both channels would hide the voice.
  let left2 = 0;
  let right2 = 0;
  let both = 0;

  return {
    add([left, right]: Float32Array[]): void {
      include(low, high, 0, left!);
      if (!right) {
        return;
      }
      include(low, high, 1, right);
      for (let index = 1; index < left!.length; index += STRIDE) {
        const a = left![index]! - left![index - 1]!;
        const b = right[index]! - right[index - 1]!;
        left2 += a * a;
        right2 += b * b;
        both += a * b;
      }
    },
    read: (): SoundLevels => ({
      peak: Math.max(0, ...low.map(Math.abs), ...high.map(Math.abs)),
      swing: Math.max(0, ...high.map((value, index) => (value - low[index]!) / 2)),
      isOpposite: left2 > 0 && right2 > 0 && both / Math.sqrt(left2 * right2) < OPPOSITE,
    }),
  };
}

function include(low: Float32Array, high: Float32Array, channel: number, samples: Float32Array): void {
  let smallest = low[channel]!;
  let largest = high[channel]!;
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index]!;
    if (sample < smallest) smallest = sample;
    if (sample > largest) largest = sample;
  }
  low[channel] = smallest;
  high[channel] = largest;
}
