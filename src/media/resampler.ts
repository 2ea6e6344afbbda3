/** Zero crossings of the sinc on each side. */
const LOBES = 16;
/** Kernel values stored for each of them; between two of them a line is drawn. */
const STEPS = 512;
const KERNEL = Float32Array.from({ length: LOBES * STEPS + 2 }, (_, index) => toKernel(index / STEPS));

export interface Resampler {
  /** The next samples of one channel; answers with those that can be computed by now. */
  push(samples: Float32Array): Float32Array;
  /** The rest, with silence assumed behind the end. */
  end(): Float32Array;
}

/**
 * Band-limited conversion between any two rates, piece by piece: a windowed sinc, evaluated at each output instant.
 * J. O. Smith, "Digital Audio Resampling Home Page", https://ccrma.stanford.edu/~jos/resample/
 */
export function createResampler(fromHz: number, toHz: number): Resampler {
  const step = fromHz / toHz;
  /** Of the input's Nyquist frequency; below 1 where the output cannot hold all that the input does. */
  const cutoff = Math.min(1, toHz / fromHz);
  const reach = Math.ceil(LOBES / cutoff);
  /** Input from sample number `start` on; silence before the beginning. */
  let buffer: Float32Array = new Float32Array(reach);
  let start = -reach;
  let produced = 0;

  const push = (samples: Float32Array): Float32Array => {
    const input = new Float32Array(buffer.length + samples.length);
    input.set(buffer);
    input.set(samples, buffer.length);
    const count = Math.max(0, Math.ceil((start + input.length - reach) / step) - produced);
    const output = new Float32Array(count);
    for (let index = 0; index < count; index++) {
      output[index] = interpolate(input, (produced + index) * step - start, cutoff, reach);
    }
    produced += count;
    const spent = Math.max(0, Math.floor(produced * step) - reach - start);
    buffer = input.slice(spent);
    start += spent;
    return output;
  };
  return { push, end: () => push(new Float32Array(reach)) };
}

function interpolate(input: Float32Array, position: number, cutoff: number, reach: number): number {
  const first = Math.max(0, Math.ceil(position - reach));
  const last = Math.min(input.length - 1, Math.floor(position + reach));
  let sum = 0;
  for (let index = first; index <= last; index++) {
    const at = Math.min(LOBES, Math.abs(index - position) * cutoff) * STEPS;
    const below = Math.floor(at);
    const value = KERNEL[below]! + (KERNEL[below + 1]! - KERNEL[below]!) * (at - below);
    sum += input[index]! * value;
  }
  return sum * cutoff;
}

/** A sinc under a Blackman window that ends with its last lobe. */
function toKernel(x: number): number {
  if (x >= LOBES) {
    return 0;
  }
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  const t = (Math.PI * x) / LOBES;
  return sinc * (0.42 + 0.5 * Math.cos(t) + 0.08 * Math.cos(2 * t));
}
