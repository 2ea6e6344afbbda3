import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createFolder } from './temporary-store.ts';

const run = promisify(execFile);

describe('a full disk', async () => {
  const mountSmall = 'mount -t tmpfs -o size=1m limelight "$1"';
  const mayMount = await run('unshare', ['-rm', 'sh', '-c', mountSmall, '-', tmpdir()]).then(
    () => true,
    () => false,
  );

  it.skipIf(!mayMount)(
    'is STORAGE_FULL (needs user namespaces to mount a small one), with the old object as it was and nothing half-written',
    async () => {
      const program = fileURLToPath(new URL('fill-disk.ts', import.meta.url));
      const mountPoint = await createFolder();
      const script = `${mountSmall} && exec "$2" "$3" "$1"`;
      const args = ['-rm', 'sh', '-c', script, '-', mountPoint, process.execPath, program];

      expect(JSON.parse((await run('unshare', args)).stdout)).toEqual({
        codes: ['STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL', 'STORAGE_FULL'],
        kept: true,
        names: ['.scratch', 'tier', 'tier/task', 'tier/task/kept'],
        fits: true,
      });
    },
  );
});
