import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const GIVE_BACK = fileURLToPath(new URL('../../src/api/give-memory-back.ts', import.meta.url));
const SETTLE_MS = 1_500;

/** A process of its own that fills about 100 MB, lets go of it, and says in MB what it held then and what it holds later. */
async function fillAndForget({
  givesBack,
}: {
  givesBack: boolean;
}): Promise<{ full: number; later: number }> {
  const script = `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { giveMemoryBack } from ${JSON.stringify(GIVE_BACK)};
    const mb = () => process.memoryUsage.rss() / 2 ** 20;
    let kept = Array.from({ length: 1e6 }, (_, index) => ({ name: 'reader ' + index, index }));
    const full = mb();
    kept = undefined;
    ${givesBack ? 'giveMemoryBack({ checkMs: 200 });' : ''}
    await sleep(${SETTLE_MS});
    process.stdout.write(JSON.stringify({ full, later: mb() }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout);
}

describe('memory that is not needed any more', () => {
  it('goes back in a quiet moment, where V8 alone would keep it', async () => {
    const alone = await fillAndForget({ givesBack: false });
    expect(alone.later).toBeGreaterThan(alone.full * 0.9);
    const { full, later } = await fillAndForget({ givesBack: true });
    expect(later).toBeLessThan(full * 0.6);
  });
});
