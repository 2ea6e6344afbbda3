import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWavWriter } from '../audio/wav.ts';
import { sharp } from '../picture/image-library.ts';
import { prepareAudio } from './prepare-audio.ts';
import { prepareImage } from './prepare-image.ts';

/** Decodes a small picture and a short tone: proves that the native libraries load and work on this machine. */
export async function testDecoders(): Promise<Record<string, string | number | boolean>> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-media-'));
  try {
    const red = { create: { width: 64, height: 64, channels: 3, background: '#ff0000' } } as const;
    await writeFile(join(folder, 'in'), await sharp(red).png().toBuffer());
    const { format } = await prepareImage('image', join(folder, 'in'), join(folder, 'out'));

    await using tone = await createWavWriter(join(folder, 'in'), { sampleRateHz: 8000, channels: 1 });
    await tone.write(Float32Array.from({ length: 4000 }, (_, index) => Math.sin(index / 4) / 2));
    await tone.finish();
    const { durationS } = await prepareAudio(join(folder, 'in'), join(folder, 'out'));
    return { image: format, audioS: durationS, libvips: sharp.versions.vips };
  } finally {
    await rm(folder, { recursive: true });
  }
}
