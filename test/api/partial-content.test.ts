import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseByteRange } from '../../src/api/http/partial-content.ts';

describe('parseByteRange', () => {
  it('parses the three forms of a range', () => {
    expect(parseByteRange('bytes=0-9', 100)).toEqual({ start: 0, end: 9 });
    expect(parseByteRange('bytes=90-', 100)).toEqual({ start: 90, end: 99 });
    expect(parseByteRange('bytes=-10', 100)).toEqual({ start: 90, end: 99 });
    expect(parseByteRange('Bytes = 5 - 1000', 100)).toEqual({ start: 5, end: 99 });
  });

  it('distinguishes ranges outside of the object from invalid ones', () => {
    expect(parseByteRange('bytes=100-', 100)).toBe('unsatisfiable');
    expect(parseByteRange('bytes=-0', 100)).toBe('unsatisfiable');
    expect(parseByteRange('bytes=0-', 0)).toBe('unsatisfiable');
    for (const header of [
      undefined,
      '',
      'bytes=',
      'bytes=-',
      'bytes=5-4',
      'items=0-1',
      'bytes=0-1,3-4',
      'bytes=a-b',
    ]) {
      expect(parseByteRange(header, 100)).toBeUndefined();
    }
  });

  it('never leaves the object, and selects exactly what an array slice would', () => {
    const number = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), number, number, (bytes, a, b) => {
        const content = Array.from({ length: bytes }, (_, index) => index);
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const expected: Record<string, number[]> = {
          [`${first}-${last}`]: content.slice(first, last + 1),
          [`${first}-`]: content.slice(first),
          [`-${last}`]: last === 0 ? [] : content.slice(-last),
        };
        for (const [text, part] of Object.entries(expected)) {
          const range = parseByteRange(`bytes=${text}`, bytes);
          const got = typeof range === 'object' ? content.slice(range.start, range.end + 1) : range;
          expect(got).toEqual(part.length === 0 ? 'unsatisfiable' : part);
          expect(typeof range !== 'object' || range.end < bytes).toBe(true);
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('takes linear time for a header of many spaces', () => {
    const header = `bytes=${' '.repeat(15_000)}x`;
    const before = process.threadCpuUsage();
    expect(parseByteRange(header, 100)).toBeUndefined();
    expect(process.threadCpuUsage(before).user).toBeLessThan(50_000);
  });

  it('survives any header', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 1000 }), (text, bytes) => {
        const range = parseByteRange(`bytes=${text}`, bytes);
        if (typeof range === 'object') {
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeLessThan(bytes);
          expect(range.start).toBeLessThanOrEqual(range.end);
        }
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});
