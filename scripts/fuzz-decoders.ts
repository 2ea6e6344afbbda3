/**
 * Sends damaged files through the decoding slots: `npm run fuzz:decoders -- --field image --count 5000`. Prints what
 * became of them, and keeps those with a finding in `out/fuzz`. The same `--from` and `--count` give the same files.
 * Recordings need ffmpeg.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzDecoders, spread } from '../test/fuzz/fuzz-decoders.ts';
import { writePictureSeeds } from '../test/harness/pictures/picture-seeds.ts';
import { makeRecordings } from '../test/harness/recordings/recording-kinds.ts';

const { values } = parseArgs({
  options: {
    field: { type: 'string', default: 'audio' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '5000' },
    slots: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'fuzz-seeds-'));
const field = values.field === 'image' ? 'image' : 'audio';
const isWanted = (name: string) => name.includes(values.only);
const files =
  field === 'image' ? await writePictureSeeds(folder, isWanted) : makeRecordings(folder, isWanted);
const report = await fuzzDecoders({
  field,
  cases: spread(files, Number(values.from), Number(values.count)),
  slots: Number(values.slots),
  timeoutMs: 20_000,
  keepIn: 'out/fuzz',
});
await rm(folder, { recursive: true });
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exit(report.findings.length > 0 ? 1 : 0);
