/**
 * `npm run contact-sheets [-- --frame 512] [PHOTO …]`: draws sheets of what the built-in renderer makes of photos: mouth shapes and
 * lids in close-up, and frames of the video. Photos and the recording come from MEDIA_DIR unless given. Writes to
 * `out/contact-sheets`, which git ignores.
 */
import { existsSync, globSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from '../src/config/read-environment.ts';
import { PipelineError } from '../src/errors.ts';
import { loadConfig } from '../src/process/load-config.ts';
import { createTalkModels, findTalkModels } from '../src/providers/local/talk-models.ts';
import { drawShapes } from './contact-sheets/draw-shapes.ts';
import { drawTalk } from './contact-sheets/draw-talk.ts';
import { createCutter } from './contact-sheets/prepare-talk.ts';

const OUT = 'out/contact-sheets';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { frame: { type: 'string' }, voice: { type: 'string' } },
});
const mediaDir = process.env.MEDIA_DIR ?? '';
const photos = positionals.length > 0 ? positionals : globSync(join(mediaDir, 'people', '*.jpg')).sort();
const voicePath = values.voice ?? join(mediaDir, 'audio', 'jfk.wav');
if (photos.length === 0 || !existsSync(voicePath)) {
  process.stderr.write(
    'Name photos and --voice FILE.wav, or set MEDIA_DIR to a folder with people/ and audio/jfk.wav.\n',
  );
  process.exit(2);
}
const longSidePx = Number(values.frame ?? 512);
const config = loadConfig(readEnvironment());
await using cutter = await createCutter(config);
const talkModels = await createTalkModels(await findTalkModels(config.models, config.onnx.threads));
await mkdir(OUT, { recursive: true });
for (const photo of photos) {
  for await (const [id, request] of cutter.cut(photo, voicePath, join(OUT, 'cut'))) {
    const sheet = join(OUT, `${basename(photo).replace(/\.\w+$/, '')}-${id}`);
    try {
      const warnings = await drawShapes(talkModels, request, longSidePx, `${sheet}-shapes.jpg`);
      await drawTalk(talkModels, request, longSidePx, `${sheet}-talk.jpg`);
      process.stdout.write(`${sheet}: ${warnings.join(' ') || 'drawn'}\n`);
    } catch (error) {
      if (!(error instanceof PipelineError)) {
        throw error;
      }
      process.stdout.write(`${sheet}: ${error.code}. ${error.message}\n`);
    }
  }
}
