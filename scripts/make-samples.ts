/**
 * Makes samples/portrait.jpg and samples/voice.wav anew: `node scripts/make-samples.ts`, about two minutes of one core.
 * The voice needs espeak-ng on PATH.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { renderPortrait } from './sample-portrait/portrait.ts';

const samplePath = (name: string): string => fileURLToPath(new URL(`../samples/${name}`, import.meta.url));

const SIDE_PX = 1024;
/** Rendered larger and shrunk: edges and single hairs come out smooth. */
const RENDERED_PX = 1536;
const SEED = 7;
const TEXT =
  'Hello! I am a picture, and now I can talk. Limelight found me, cut me out, and gave me a voice.';
const VOICE = ['-v', 'en-us+f2', '-s', '148', '-p', '46'];

const pixels = renderPortrait(RENDERED_PX, SEED);
await sharp(pixels, { raw: { width: RENDERED_PX, height: RENDERED_PX, channels: 3 } })
  .resize(SIDE_PX, SIDE_PX)
  .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
  .toFile(samplePath('portrait.jpg'));
await promisify(execFile)('espeak-ng', [...VOICE, '-w', samplePath('voice.wav'), TEXT]);
