import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '../../src/config/config.ts';
import { openImage } from '../../src/inference/image/open-image.ts';
import { createDetectorPool, createMattingPool } from '../../src/inference/pools.ts';
import { composePortrait } from '../../src/media/picture/compose-portrait.ts';
import type { TalkRequest } from '../../src/ports/video-provider.ts';

/** Limit of people per photo. */
const MAX_PEOPLE = 2;
const BACKGROUND = '#56657a';

/** Cuts people out in slots, like the pipeline. Uses earlier results from the folder. */
export async function createCutter(config: Pick<Config, 'gpu' | 'models' | 'onnx' | 'slots'>) {
  const logger = pino({ level: 'silent' });
  const detector = await createDetectorPool(config, logger);
  const matting = await createMattingPool(config, logger);
  const options = { signal: new AbortController().signal };

  async function* cut(
    photo: string,
    voicePath: string,
    folder: string,
  ): AsyncGenerator<[id: number, TalkRequest]> {
    const base = join(folder, basename(photo));
    await mkdir(base, { recursive: true });
    const photoPath = join(base, 'photo.png');
    await openImage(photo).png({ compressionLevel: 1 }).toFile(photoPath);
    const { persons } = await detector.run({ imagePath: photoPath, confThreshold: 0.5 }, options);
    for (const { id, box } of persons.slice(0, MAX_PEOPLE)) {
      const own = (name: string) => join(base, `${name}-${id}.png`);
      const request = {
        requestId: 'contact-sheet',
        portraitPath: own('portrait'),
        platePath: own('plate'),
        maskPath: own('mask'),
        plateShowsPerson: false,
        voicePath,
      };
      if (!existsSync(request.portraitPath)) {
        await matting.run(
          {
            imagePath: photoPath,
            person: box,
            others: persons.filter((other) => other.id !== id).map((other) => other.box),
            applySmoothing: true,
            maskPath: request.maskPath,
            cutoutPath: own('cutout'),
          },
          options,
        );
        await composePortrait({
          photoPath,
          cutoutPath: own('cutout'),
          background: BACKGROUND,
          platePath: request.platePath,
          portraitPath: request.portraitPath,
        });
      }
      yield [id, request];
    }
  }
  return {
    cut,
    async [Symbol.asyncDispose]() {
      await Promise.all([detector, matting].map((pool) => pool[Symbol.asyncDispose]()));
    },
  };
}
