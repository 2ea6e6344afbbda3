import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mediaDir, modelsDir } from '../test/shared-media.ts';
import type { Bench } from './bench.ts';
import { compareCutouts } from './models/cutouts.ts';
import { compareDetectors } from './models/detectors.ts';
import { compareSlots } from './models/slots.ts';
import { preparePython } from './python/environment.ts';

const PHOTOS = ['obama', 'zidane', 'two_people', 'bus', 'u2_man', 'u2_smile', 'rembg_girl-1', 'rembg_girl-3'];

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
    await Promise.all(photos.map((photo) => readFile(photo)));
    const setting = { python, folder, photos, threads: availableParallelism() };
    try {
      return [
        ...(await compareDetectors(setting)),
        ...(await compareCutouts(setting)),
        ...(await compareSlots(setting)),
      ];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
