import { join } from 'node:path';
import { expect } from 'vitest';
import { needs } from '../../harness/needs.ts';
import { runOnSmallDisk } from '../../harness/small-disk.ts';

needs('user namespaces').it(
  'a full disk rejects with STORAGE_FULL, and keeps the old object and no partial file',
  async () => {
    expect(await runOnSmallDisk(join(import.meta.dirname, 'fill-disk.ts'), 1)).toEqual({
      codes: ['STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL'],
      kept: true,
      names: ['.scratch', 'tier', 'tier/task', 'tier/task/kept'],
      fits: true,
    });
  },
);
