import { describe, expect, it } from 'vitest';
import { assertMemoryFits, assertOneDevice } from '../../src/process/device-memory.ts';

const gpu = {
  device: '0',
  memoryGb: 10,
  yolo: { slots: 2, memoryGb: 2 },
  birefnet: { slots: 1, memoryGb: 6 },
};

describe('the memory of a device', () => {
  it('may be used up to the last byte', () => {
    expect(() => assertMemoryFits(gpu)).not.toThrow();
  });

  it('is refused to slots that need more than there is, with the calculation', () => {
    expect(() => assertMemoryFits({ ...gpu, memoryGb: 9 })).toThrowError(
      expect.objectContaining({
        code: 'DEVICE_MEMORY_EXCEEDED',
        message: expect.stringContaining(
          '2 x 2 GB (YOLO) + 1 x 6 GB (BiRefNet) = 10 GB, but device 0 has 9 GB',
        ),
        details: { neededGb: 10, memoryGb: 9 },
      }),
    );
  });
});

it('a worker has one device: a list is refused, with a hint how to use all of them', () => {
  expect(() => assertOneDevice('0,1')).toThrowError(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('npm start') }),
  );
  expect(() => assertOneDevice('MIG-1c2d')).not.toThrow();
});
