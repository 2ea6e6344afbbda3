import { expect, it } from 'vitest';
import { parseWait } from '../../src/api/submit/wait-preference.ts';

it('finds the seconds in a Prefer header with other preferences', () => {
  for (const header of ['wait=10', 'respond-async, wait=10', 'wait = "10"; foo', 'return=minimal; wait=10']) {
    expect(parseWait(undefined, header)).toBe(10);
  }
  for (const header of [undefined, '', 'await=10', 'wait', 'wait=-1', 'wait=soon']) {
    expect(parseWait(undefined, header)).toBeUndefined();
  }
});

it('prefers the query, waits for at most five minutes, and refuses invalid numbers', () => {
  expect(parseWait('0', 'wait=10')).toBe(0);
  expect(parseWait('99999', undefined)).toBe(300);
  expect(() => parseWait('soon', undefined)).toThrowError(expect.objectContaining({ code: 'INPUT_INVALID' }));
});
