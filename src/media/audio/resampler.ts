/** Zero crossings of the sinc on each side. */
const LOBES = 16;

export interface Resampler {
  /** Takes the next samples of one channel and returns the output that can be computed so far. */
  push(samples: Float32Array): Float32Array;
  /** Returns the rest, assuming silence after the end. */
  end(): Float32Array;
}

/**
 * Band-limited conversion between any two whole rates, piece by piece: a windowed sinc with one phase for each position
 * that an output sample can have between two input samples.
 * J. O. Smith, "Digital Audio Resampling Home Page", https://ccrma.stanford.edu/~jos/resample/
 */
export function createResampler(fromHz: number, toHz: number): Resampler {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const [from, to] = [fromHz / divisor, toHz / divisor];
  /** Cutoff as a share of the input's Nyquist frequency. Below 1 if the output rate is lower. */
  const cutoff = Math.min(1, to / from);
  const reach = Math.ceil(LOBES / cutoff);
  const phases = Array.from({ length: to }, (_, phase) => toPhase(phase / to, cutoff, reach));
  /** Input from sample `start` on, with silence before the beginning. */
  let buffer: Float32Array = new Float32Array(reach);
  let start = -reach;
  let produced = 0;

  const push = (samples: Float32Array): Float32Array => {
    const input = new Float32Array(buffer.length + samples.length);
    input.set(buffer);
    input.set(samples, buffer.length);
    const count = Math.max(0, Math.ceil(((start + input.length - reach) * to) / from) - produced);
    const output = new Float32Array(count);
    for (let index = 0; index < count; index++) {
      const position = (produced + index) * from;
      const first = Math.floor(position / to) - reach + 1 - start;
      output[index] = multiply(input, first, phases[position % to]!);
    }
    produced += count;
    const spent = Math.max(0, Math.floor((produced * from) / to) - reach - start);
    buffer = input.slice(spent);
    start += spent;
    return output;
  };
  return { push, end: () => push(new Float32Array(reach)) };
}

/**
 * Weights of the input for an output `offset` after a sample, from `reach - 1` samples before it to `reach` after it.
 */
function toPhase(offset: number, cutoff: number, reach: number): Float32Array {
  return Float32Array.from({ length: 2 * reach }, (_, tap) => {
    const x = (tap - reach + 1 - offset) * cutoff;
    return cutoff * toKernel(Math.min(LOBES, Math.abs(x)));
  });
}

/** Sinc with a Blackman window that ends at its last lobe. */
function toKernel(x: number): number {
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  const t = (Math.PI * x) / LOBES;
  return sinc * (0.42 + 0.5 * Math.cos(t) + 0.08 * Math.cos(2 * t));
}

function multiply(input: Float32Array, first: number, weights: Float32Array): number {
  let sum = 0;
  for (let tap = 0; tap < weights.length; tap++) {
    sum += input[first + tap]! * weights[tap]!;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
