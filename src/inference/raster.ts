import sharp from 'sharp';

/** Bytes of a picture, interleaved. */
export interface Raster {
  bytes: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3 | 4;
}

function open({ bytes, widthPx, heightPx, channels }: Raster) {
  return sharp(bytes, { raw: { width: widthPx, height: heightPx, channels } });
}

/** Stretches: the shape of the picture may change. */
export async function resize(raster: Raster, widthPx: number, heightPx: number): Promise<Raster> {
  const bytes = await open(raster)
    .resize(widthPx, heightPx, { fit: 'fill', kernel: 'cubic' })
    .toColourspace(raster.channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
  return { ...raster, bytes, widthPx, heightPx };
}

/** Softens by a Gaussian of that standard deviation. */
export async function blur(raster: Raster, sigmaPx: number): Promise<Raster> {
  const bytes = await open(raster)
    .blur(sigmaPx)
    .toColourspace(raster.channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
  return { ...raster, bytes };
}

/** Fast rather than small: at level 6 a photo takes four times as long. */
export async function writePng(raster: Raster, path: string): Promise<void> {
  await open(raster)
    .toColourspace(raster.channels === 1 ? 'b-w' : 'srgb')
    .png({ compressionLevel: 1 })
    .toFile(path);
}
