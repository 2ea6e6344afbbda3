/**
 * Sends damaged files through the decoding slots: `npm run fuzz:decoders -- --field image --count 5000`. Prints what
 * became of them, and keeps those with a finding in `out/fuzz`. The same `--from` and `--count` give the same files.
 * Recordings need ffmpeg.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzDecoders, spread } from '../test/fuzz/fuzz-decoders.ts';
import { makePictureSeeds } from '../test/harness/pictures/picture-seeds.ts';
import { listRecordings } from '../test/harness/recordings/recording-kinds.ts';

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
const files = field === 'image' ? await writePictures() : makeRecordings();
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

function makeRecordings(): string[] {
  return listRecordings().flatMap(({ name, make }) => {
    if (!make || !name.includes(values.only)) {
      return [];
    }
    const path = join(folder, name);
    make(path);
    return path;
  });
}

async function writePictures(): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, bytes] of Object.entries(await makePictureSeeds())) {
    if (name.includes(values.only)) {
      paths.push(join(folder, name));
      await writeFile(join(folder, name), bytes);
    }
  }
  return paths;
}
