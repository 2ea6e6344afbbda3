import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missingPlatformPackages, withoutIntegrity } from '../../scripts/complete-lockfile.ts';

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));

/**
 * Builds of @napi-rs/webcodecs for other platforms, which the registry that made the lock file lacks. npm takes their
 * checksum from its own registry. Remove them from here when `node scripts/complete-lockfile.ts` finds them.
 */
const WITHOUT_CHECKSUM = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm-gnueabihf',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
].map((platform) => `node_modules/@napi-rs/webcodecs-${platform}`);

describe('package-lock.json', () => {
  it('names the optional packages of every platform (else run `node scripts/complete-lockfile.ts`)', () => {
    expect(missingPlatformPackages(lock)).toEqual({});
  });

  it('has the checksum of every package (else run `node scripts/complete-lockfile.ts`)', () => {
    expect(withoutIntegrity(lock)).toEqual(WITHOUT_CHECKSUM);
  });

  it('takes packages from the registry only, never from an address or a repository', () => {
    const paths = Object.keys(lock.packages);
    expect(paths.length).toBeGreaterThan(100);
    expect(paths.filter((path) => lock.packages[path].resolved || lock.packages[path].link)).toEqual([]);
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
