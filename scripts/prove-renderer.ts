/**
 * `npm run prove:renderer`: renders real portraits with real speech, decodes the videos, finds the landmarks in their
 * frames, and checks whether the mouth follows the voice. Needs MODELS_DIR, MEDIA_DIR and `ffmpeg`. Exits with 1 if a
 * promise is missed.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../src/config/read-environment.ts';
import { loadConfig } from '../src/process/load-config.ts';
import { createTalkModels, findTalkModels } from '../src/providers/local/talk-models.ts';
import { createCutter } from './contact-sheets/prepare-talk.ts';
import { measureSync, type Sync } from './prove-renderer/measure-sync.ts';

const OUT = 'out/prove-renderer';
const mediaDir = process.env.MEDIA_DIR;
if (!mediaDir || !process.env.MODELS_DIR) {
  process.stderr.write('Set MODELS_DIR and MEDIA_DIR to real models, photos and recordings.\n');
  process.exit(2);
}
const people = (name: string) => join(mediaDir, 'people', name);
/** A closed mouth seen from the front follows more closely than a grin or a turned face. */
const PORTRAITS: Array<[photo: string, person: number, least: number]> = [
  [people('u2_man.jpg'), 1, 0.7],
  [fileURLToPath(new URL('../samples/portrait.jpg', import.meta.url)), 1, 0.7],
  [people('two_people.jpg'), 2, 0.5],
  [people('obama.jpg'), 1, 0.5],
  [people('u2_smile.jpg'), 1, 0.5],
];
/** Limit for the same voice shifted in a circle, which shows what is chance. */
const MAX_BY_CHANCE = 0.3;

const config = loadConfig(readEnvironment());
await using cutter = await createCutter(config);
const models = await createTalkModels(await findTalkModels(config.models, config.onnx.threads));
await mkdir(OUT, { recursive: true });
const voice = join(mediaDir, 'audio', 'jfk.wav');
let isKept = true;
process.stdout.write('portrait            r      by chance  lag      open in silence\n');
for (const [photo, person, least] of PORTRAITS) {
  for await (const [id, request] of cutter.cut(photo, voice, join(OUT, 'cut'))) {
    if (id === person) {
      const sync = await measureSync(models, request, join(OUT, 'talk.mp4'));
      isKept = report(photo, sync, least) && isKept;
      break;
    }
  }
}
process.exitCode = isKept ? 0 : 1;

function report(
  photo: string,
  { r, byChance, lagFrames, openInSilence, isClosedAtRest }: Sync,
  least: number,
): boolean {
  const kept =
    r >= least &&
    byChance < MAX_BY_CHANCE &&
    Math.abs(lagFrames) <= 1 &&
    (!isClosedAtRest || openInSilence < 0.2);
  const name = photo.split('/').at(-1)!.padEnd(18);
  const silence = isClosedAtRest ? openInSilence.toFixed(2) : '(open in the photo)';
  process.stdout.write(
    `${name}  ${r.toFixed(2)}   ${byChance.toFixed(2)}       ${String(lagFrames).padStart(2)} f     ${silence}   ${kept ? 'kept' : `MISSED, at least ${least}`}\n`,
  );
  return kept;
}
