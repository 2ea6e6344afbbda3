/**
 * Sends damaged recordings through the decoding slots: `npm run fuzz:decoders -- --count 5000`. Prints what became of
 * them, and keeps those with a finding in `out/fuzz`. The same `--from` and `--count` give the same files. Needs ffmpeg.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzDecoders, spread } from '../test/fuzz/fuzz-decoders.ts';
import { listRecordings } from '../test/harness/recordings/recording-kinds.ts';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '5000' },
    slots: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'fuzz-seeds-'));
const files = listRecordings().flatMap(({ name, make }) => {
  if (!make || !name.includes(values.only)) {
    return [];
  }
  const path = join(folder, name);
  make(path);
  return path;
});
const report = await fuzzDecoders({
  field: 'audio',
  cases: spread(files, Number(values.from), Number(values.count)),
  slots: Number(values.slots),
  timeoutMs: 20_000,
  keepIn: 'out/fuzz',
});
await rm(folder, { recursive: true });
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exit(report.findings.length > 0 ? 1 : 0);
