import { describe, expect, it } from 'vitest';
import { ERROR_CODES, isErrorCode } from '../src/contracts/error-codes.ts';
import { ignoreFailure, isDiskFull, isFailure, PipelineError, storageFull } from '../src/errors.ts';

const enospc = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

describe('PipelineError', () => {
  it('has its code, details and cause, and the status and retry policy of its code', () => {
    const cause = new Error('socket hang up');
    const error = new PipelineError('PROVIDER_UNAVAILABLE', 'Expected an answer, got none', {
      cause,
      details: { attempt: 2 },
      retryAfterMs: 1500,
    });

    expect(error).toMatchObject({
      name: 'PipelineError',
      message: 'Expected an answer, got none',
      code: 'PROVIDER_UNAVAILABLE',
      cause,
      details: { attempt: 2 },
      retryAfterMs: 1500,
      status: 503,
      retryable: true,
    });
    expect('cause' in new PipelineError('INTERNAL', 'No cause')).toBe(false);
  });
});

describe('isFailure', () => {
  const missing = new PipelineError('OBJECT_NOT_FOUND', 'Nothing at this key');

  it('matches one of the given codes', () => {
    expect(isFailure(missing, 'OBJECT_NOT_FOUND')).toBe(true);
    expect(isFailure(missing, 'OBJECT_CORRUPT', 'OBJECT_NOT_FOUND')).toBe(true);
    expect(isFailure(missing, 'OBJECT_CORRUPT')).toBe(false);
  });

  it('matches no other error, even one with such a code', () => {
    expect(isFailure(Object.assign(new Error('x'), { code: 'OBJECT_NOT_FOUND' }), 'OBJECT_NOT_FOUND')).toBe(
      false,
    );
    expect(isFailure(undefined, 'INTERNAL')).toBe(false);
  });
});

describe('ignoreFailure', () => {
  it('resolves to the value, or to undefined after a failure', async () => {
    await expect(ignoreFailure(Promise.resolve(1), 'never fails')).resolves.toBe(1);
    await expect(ignoreFailure(Promise.reject(new Error('gone')), 'only a hint')).resolves.toBeUndefined();
  });
});

describe('error codes', () => {
  it('have a status of 4xx or 5xx, and are not retried if the client is at fault', () => {
    for (const [code, { status, retryable }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(status < 500 && retryable, `${code} blames the client and is retried`).toBe(false);
    }
  });

  it('are distinguished from other strings', () => {
    expect(isErrorCode('STORAGE_FULL')).toBe(true);
    for (const other of ['storage_full', 'toString', '', null, undefined]) {
      expect(isErrorCode(other)).toBe(false);
    }
  });
});

describe('a full disk', () => {
  it('is recognised however it is wrapped', () => {
    expect(isDiskFull(enospc())).toBe(true);
    expect(isDiskFull(Object.assign(new Error('quota'), { code: 'EDQUOT' }))).toBe(true);
    expect(isDiskFull(new Error('Could not encode', { cause: enospc() }))).toBe(true);
    expect(isDiskFull(storageFull(enospc()))).toBe(true);
    const ofLibvips =
      'photo.png: write error\nsystem error: No space left on device\nwbuffer_write: write failed';
    expect(isDiskFull(new Error(ofLibvips))).toBe(true);
  });

  it('is recognised if libvips has lost the message of the system', () => {
    expect(isDiskFull(new Error('wbuffer_write: write failed\nsystem error: Unknown error -1'))).toBe(true);
    expect(isDiskFull(new Error('vips2png: unable to write to target photo.png'))).toBe(true);
  });

  it('is not recognised in other errors', () => {
    const damaged = 'VipsJpeg: premature end of JPEG image\nvips2png: unable to write to target photo.png';
    expect(isDiskFull(new Error(damaged))).toBe(false);
    expect(isDiskFull(Object.assign(new Error('no such file'), { code: 'ENOENT' }))).toBe(false);
    expect(isDiskFull('ENOSPC')).toBe(false);
    expect(isDiskFull(undefined)).toBe(false);
  });
});
