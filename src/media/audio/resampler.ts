/** Zero crossings of the sinc on each side. */
const LOBES = 16;

export interface Resampler {
  /** The next samples of one channel; answers with those that can be computed by now. */
  push(samples: Float32Array): Float32Array;
  /** The rest, with silence assumed behind the end. */
  end(): Float32Array;
}

/**
 * Band-limited conversion between any two whole rates, piece by piece: a windowed sinc in as many phases as there are
 * places of an output sample between two of the input.
 * J. O. Smith, "Digital Audio Resampling Home Page", https://ccrma.stanford.edu/~jos/resample/
 */
export function createResampler(fromHz: number, toHz: number): Resampler {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const [from, to] = [fromHz / divisor, toHz / divisor];
  /** Of the input's Nyquist frequency; below 1 where the output cannot hold all that the input does. */
  const cutoff = Math.min(1, to / from);
  const reach = Math.ceil(LOBES / cutoff);
  const phases = Array.from({ length: to }, (_, phase) => toPhase(phase / to, cutoff, reach));
  /** Input from sample number `start` on; silence before the beginning. */
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

/** Weights of the input around a place `offset` behind a sample, from `reach - 1` samples before it to `reach` after it. */
function toPhase(offset: number, cutoff: number, reach: number): Float32Array {
  return Float32Array.from({ length: 2 * reach }, (_, tap) => {
    const x = (tap - reach + 1 - offset) * cutoff;
    return cutoff * toKernel(Math.min(LOBES, Math.abs(x)));
  });
}

/** A sinc under a Blackman window that ends with its last lobe. */
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
