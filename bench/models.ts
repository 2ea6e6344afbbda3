import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { readEnvironment } from '../src/config/read-environment.ts';
import { loadConfig } from '../src/process/load-config.ts';
import { mediaDir, modelsDir } from '../test/harness/shared-media.ts';
import type { Bench } from './bench.ts';
import { compareCutouts } from './models/cutouts.ts';
import { compareDetectors } from './models/detectors.ts';
import { compareSlots } from './models/slots.ts';
import { preparePython } from './python/environment.ts';

const PHOTOS = ['obama', 'zidane', 'two_people', 'bus', 'u2_man', 'u2_smile', 'rembg_girl-1', 'rembg_girl-3'];

/** The other photos have 0.2 to 1 megapixel; phones take 12. */
const PHONE_WIDTH_PX = 3100;

export const models: Bench = {
  name: 'models',
  title: `against Python (Ultralytics; Pillow, numpy and ONNX Runtime as rembg), ${PHOTOS.length} photos`,
  unavailable: () => {
    if (!modelsDir || !mediaDir) {
      return 'set MODELS_DIR and MEDIA_DIR to real models and photos';
    }
    return spawnSync('python3', ['--version']).status === 0 ? undefined : 'there is no python3';
  },
  async run() {
    const python = await preparePython();
    const folder = await mkdtemp(join(tmpdir(), 'limelight-bench-'));
    const photos = PHOTOS.map((name) => join(mediaDir as string, 'people', `${name}.jpg`));
    const large = join(folder, 'large.jpg');
    await sharp(photos[0]).resize({ width: PHONE_WIDTH_PX }).jpeg({ quality: 90 }).toFile(large);
    const setting = { python, folder, photos, threads: loadConfig(readEnvironment()).onnx.threads };
    try {
      return [
        ...(await compareDetectors(setting)),
        ...(await compareCutouts('cut-out', setting)),
        ...(await compareCutouts('cut-out of 12 megapixels', { ...setting, photos: [large] })),
        ...(await compareSlots(setting)),
      ];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
