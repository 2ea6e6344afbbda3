/**
 * A net with one hidden layer of tanh. Weights are 32-bit floats in base64: input x hidden, hidden, hidden x output,
 * output.
 */
export interface SmallNetFile {
  inputs: number;
  hidden: number;
  outputs: number;
  weights: string;
}

/** Computes `outputs` from `inputs`: the sums of the last layer, without a sigmoid. */
export type SmallNet = (inputs: Float32Array, outputs: Float32Array) => void;

export function createSmallNet({ inputs: size, hidden, outputs: count, weights }: SmallNetFile): SmallNet {
  const floats = new Float32Array(Uint8Array.from(Buffer.from(weights, 'base64')).buffer);
  const ends = [size * hidden, hidden, hidden * count, count];
  const [w1, b1, w2, b2] = ends.map((length, i) => {
    const start = ends.slice(0, i).reduce((sum, value) => sum + value, 0);
    return floats.subarray(start, start + length);
  }) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const activity = new Float32Array(hidden);

  return (inputs, outputs) => {
    activity.set(b1);
    for (let i = 0; i < size; i += 1) {
      const value = inputs[i]!;
      const row = i * hidden;
      for (let h = 0; h < hidden; h += 1) {
        activity[h]! += value * w1[row + h]!;
      }
    }
    outputs.set(b2);
    for (let h = 0; h < hidden; h += 1) {
      const value = Math.tanh(activity[h]!);
      for (let k = 0; k < count; k += 1) {
        outputs[k]! += value * w2[h * count + k]!;
      }
    }
  };
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
