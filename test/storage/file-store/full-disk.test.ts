import { join } from 'node:path';
import { expect, it } from 'vitest';
import { maySmallDisk, runOnSmallDisk } from '../../harness/small-disk.ts';

it.skipIf(!maySmallDisk)(
  'a full disk is STORAGE_FULL (needs user namespaces to mount a small one), with the old object as it was and nothing half-written',
  async () => {
    expect(await runOnSmallDisk(join(import.meta.dirname, 'fill-disk.ts'), 1)).toEqual({
      codes: ['STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL'],
      kept: true,
      names: ['.scratch', 'tier', 'tier/task', 'tier/task/kept'],
      fits: true,
    });
  },
);
