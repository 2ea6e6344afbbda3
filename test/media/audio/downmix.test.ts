import { expect, it } from 'vitest';
import { downmix } from '../../../src/media/audio/downmix.ts';

/** One sample in each channel. All channels but one are silent. */
const only = (channel: number, count: number) =>
  Array.from({ length: count }, (_, index) => Float32Array.of(index === channel ? 1 : 0));
const values = (channels: Float32Array[]) => channels.map(([value]) => Math.round(value! * 100) / 100);

it('leaves one and two channels as they are', () => {
  expect(values(downmix(only(0, 1)))).toEqual([1]);
  expect(values(downmix(only(1, 2)))).toEqual([0, 1]);
});

it('puts the centre of 5.1 on both sides, each surround on its own, and drops the subwoofer', () => {
  const heard = [0, 1, 2, 3, 4, 5].map((channel) => values(downmix(only(channel, 6))));

  expect(heard).toEqual([
    [1, 0],
    [0, 1],
    [0.71, 0.71],
    [0, 0],
    [0.71, 0],
    [0, 0.71],
  ]);
});

it('averages channels of unknown positions', () => {
  expect(values(downmix(only(2, 4)))).toEqual([0.25]);
});
