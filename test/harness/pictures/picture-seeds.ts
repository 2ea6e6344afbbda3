import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type Raster, toHeic, toHeicSequence } from './heif-file.ts';

const PORTRAIT = fileURLToPath(new URL('../../../samples/portrait.jpg', import.meta.url));
const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));

const small = () => sharp(PORTRAIT).resize(128, 160);

async function toRaster(): Promise<Raster> {
  const { data, info } = await small().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    pixels: new Uint32Array(Uint8Array.from(data).buffer),
    widthPx: info.width,
    heightPx: info.height,
  };
}

/**
 * Writes those that are wanted of small pictures in every container and coding that is accepted, whole, to be damaged.
 * @returns their paths
 */
export async function writePictureSeeds(
  folder: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<string[]> {
  const wanted = Object.entries(await makeSeeds()).filter(([name]) => isWanted(name));
  return Promise.all(
    wanted.map(async ([name, bytes]) => {
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    }),
  );
}

async function makeSeeds(): Promise<Record<string, Buffer>> {
  const raster = await toRaster();
  const frame = await small().png().toBuffer();
  const animation = () => sharp([frame, frame], { join: { animated: true } });
  const png = await small().ensureAlpha(0.5).png().toBuffer();
  return {
    'baseline.jpg': await small().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    'progressive.jpg': await small().withIccProfile('p3').jpeg({ progressive: true }).toBuffer(),
    'cmyk.jpg': await small().toColourspace('cmyk').jpeg().toBuffer(),
    'plain.png': frame,
    'alpha.png': png,
    'palette.png': await small().png({ palette: true, progressive: true }).toBuffer(),
    'sixteen-bits.png': await small().toColourspace('rgb16').png().toBuffer(),
    'lossy.webp': await small().withIccProfile('p3').webp().toBuffer(),
    'lossless.webp': await small().ensureAlpha(0.5).webp({ lossless: true }).toBuffer(),
    'animated.webp': await animation().webp().toBuffer(),
    'animated.gif': await animation().gif().toBuffer(),
    'still.avif': await small().withMetadata({ orientation: 6 }).avif({ effort: 0 }).toBuffer(),
    'alpha.avif': await small().ensureAlpha(0.5).avif({ effort: 0, chromaSubsampling: '4:2:0' }).toBuffer(),
    'still.heic': await toHeic({ brands: ['heic', 'mif1'], raster, exifOrientation: 6 }),
    'tiles.heic': await toHeic({
      brands: ['heic', 'mif1'],
      raster,
      grid: [2, 2],
      quarterTurns: 1,
      mirror: 'left-right',
    }),
    'sequence.heic': await toHeicSequence([raster, raster]),
    'ten-bits.heic': fixture('ten-bits.heic'),
    'alpha.heic': fixture('with-alpha.heic'),
  };
}
