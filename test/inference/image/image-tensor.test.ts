import { expect, it } from 'vitest';
import { toImageTensor } from '../../../src/inference/image/image-tensor.ts';
import { ModelContract } from '../../../src/models/model-manifest.ts';

function contractInput(input: Record<string, unknown>) {
  return ModelContract.parse({
    name: 'test',
    input: { name: 'x', shape: [1, 3, 1, 2], ...input },
    output: { kind: 'alpha', name: 'y' },
  }).input;
}

const pixels = Uint8Array.of(0, 51, 102, 153, 204, 255);

it('turns interleaved bytes into scaled planes', () => {
  const { data, dims } = toImageTensor(pixels, 2, 1, contractInput({ scale: '1/255' }));
  expect(dims).toEqual([1, 3, 1, 2]);
  expect([...data].map((value) => value.toFixed(1))).toEqual(['0.0', '0.6', '0.2', '0.8', '0.4', '1.0']);
});

it('applies mean and deviation per channel after scaling', () => {
  const input = contractInput({ scale: 1 / 255, mean: [0.5, 0.2, 0], std: [0.5, 0.1, 2] });
  const { data } = toImageTensor(pixels, 2, 1, input);
  expect([...data].map((value) => value.toFixed(1))).toEqual(['-1.0', '0.2', '0.0', '6.0', '0.2', '0.5']);
});

it('swaps channels for models that were trained on BGR', () => {
  const { data } = toImageTensor(pixels, 2, 1, contractInput({ colour: 'BGR' }));
  expect([...data]).toEqual([102, 255, 51, 204, 0, 153]);
});
