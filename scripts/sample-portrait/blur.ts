/** A Gaussian over one channel of a square picture, where only pixels with weight take part. */
export function blurWeighted(
  values: Float32Array,
  weight: Float32Array,
  sizePx: number,
  sigma: number,
): Float32Array {
  const kernel = Float32Array.from({ length: Math.ceil(2.6 * sigma) + 1 }, (_, i) =>
    Math.exp(-(i * i) / (2 * sigma * sigma)),
  );
  const weighted = values.map((value, i) => value * weight[i]!);
  const sum = pass(pass(weighted, kernel, sizePx, 1), kernel, sizePx, sizePx);
  const total = pass(pass(weight, kernel, sizePx, 1), kernel, sizePx, sizePx);
  return sum.map((value, i) => (total[i]! > 1e-6 ? value / total[i]! : 0));
}

/** One direction: `step` is 1 along rows, the size along columns. */
function pass(values: Float32Array, kernel: Float32Array, sizePx: number, step: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let y = 0; y < sizePx; y++) {
    for (let x = 0; x < sizePx; x++) {
      const at = step === 1 ? x : y;
      const index = y * sizePx + x;
      let sum = values[index]! * kernel[0]!;
      for (let k = 1; k < kernel.length; k++) {
        sum +=
          kernel[k]! *
          ((at >= k ? values[index - k * step]! : 0) + (at + k < sizePx ? values[index + k * step]! : 0));
      }
      out[index] = sum;
    }
  }
  return out;
}
