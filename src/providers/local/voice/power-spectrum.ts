/** Power spectra of Hann-windowed pieces of 2^n samples, by a radix-2 transform in buffers that are made once. */
export function createPowerSpectrum(size: number): (samples: Float32Array, centre: number) => Float32Array {
  const window = Float32Array.from(
    { length: size },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size),
  );
  const cos = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float32Array.from({ length: size / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
  const bits = Math.log2(size);
  const order = Uint16Array.from({ length: size }, (_, i) => {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit += 1) {
      reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
    }
    return reversed;
  });
  const re = new Float32Array(size);
  const im = new Float32Array(size);
  const power = new Float32Array(size / 2);

  return (samples, centre) => {
    for (let i = 0; i < size; i += 1) {
      re[order[i]!] = (samples[centre - size / 2 + i] ?? 0) * window[i]!;
    }
    im.fill(0);
    for (let length = 2; length <= size; length *= 2) {
      const stride = size / length;
      for (let start = 0; start < size; start += length) {
        for (let k = 0; k < length / 2; k += 1) {
          const a = start + k;
          const b = a + length / 2;
          const [c, s] = [cos[k * stride]!, sin[k * stride]!];
          const x = re[b]! * c - im[b]! * s;
          const y = re[b]! * s + im[b]! * c;
          re[b] = re[a]! - x;
          im[b] = im[a]! - y;
          re[a]! += x;
          im[a]! += y;
        }
      }
    }
    for (let i = 0; i < power.length; i += 1) {
      power[i] = re[i]! * re[i]! + im[i]! * im[i]!;
    }
    return power;
  };
}
