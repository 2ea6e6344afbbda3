/** `node cover-photo-apart.ts PHOTO COVER OUT` writes `coverPhoto` to a file. */
import { writeFile } from 'node:fs/promises';
import type { CoverName } from '../../scripts/models-eval/draw-cover.ts';
import { coverPhoto } from './covered-photo.ts';

const [photo, cover, out] = process.argv.slice(2);
await writeFile(out!, await coverPhoto(photo!, cover as CoverName));
