import FFT from 'fft.js';

/** Power spectra of Hann-windowed pieces of `size` samples, a power of 2, in buffers that are reused. */
export function createPowerSpectrum(size: number): (samples: Float32Array, centre: number) => Float32Array {
  const fft = new FFT(size);
  const window = Float32Array.from(
    { length: size },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size),
  );
  const windowed = new Array<number>(size).fill(0);
  const spectrum: number[] = fft.createComplexArray();
  const power = new Float32Array(size / 2);

  return (samples, centre) => {
    for (let i = 0; i < size; i += 1) {
      windowed[i] = (samples[centre - size / 2 + i] ?? 0) * window[i]!;
    }
    fft.realTransform(spectrum, windowed);
    for (let i = 0; i < power.length; i += 1) {
      power[i] = spectrum[2 * i]! ** 2 + spectrum[2 * i + 1]! ** 2;
    }
    return power;
  };
}
