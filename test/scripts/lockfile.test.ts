import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missingPlatformPackages } from '../../scripts/complete-lockfile.ts';

describe('package-lock.json', () => {
  it('names the optional packages of every platform (else run `node scripts/complete-lockfile.ts`)', () => {
    const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));

    expect(missingPlatformPackages(lock)).toEqual({});
  });

  it('derives the platform of a missing package from its name', () => {
    const packages = {
      'node_modules/sharp': { optionalDependencies: { '@img/sharp-linuxmusl-x64': '1.0.0' } },
      'node_modules/codec': {
        dev: true,
        optionalDependencies: { 'codec-linux-arm64-gnu': '2.0.0', 'codec-win32-x64-msvc': '2.0.0' },
      },
      'node_modules/codec-win32-x64-msvc': {},
    };

    expect(missingPlatformPackages({ packages })).toEqual({
      'node_modules/@img/sharp-linuxmusl-x64': {
        version: '1.0.0',
        os: ['linux'],
        cpu: ['x64'],
        libc: ['musl'],
        optional: true,
      },
      'node_modules/codec-linux-arm64-gnu': {
        version: '2.0.0',
        os: ['linux'],
        cpu: ['arm64'],
        libc: ['glibc'],
        dev: true,
        optional: true,
      },
    });
  });
});
