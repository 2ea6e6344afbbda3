import { PipelineError } from '../../errors.ts';
import type { FoundModel } from '../../models/find-model.ts';
import { toImageTensor } from '../image/image-tensor.ts';
import { type Raster, resize } from '../image/raster.ts';
import { openImageModel, type SessionOptions } from '../runtime/session.ts';
import { type MattingKind, readAlpha } from './matting-output.ts';

export interface MattingModel {
  name: string;
  /** Side of the model's square input, and of the alpha. */
  sidePx: number;
  /**
   * @param picture RGB of any shape
   * @returns the alpha of all people, 0 to 255
   */
  matte(picture: Raster): Promise<Raster>;
}

interface MattingOptions extends SessionOptions {
  /** For models that take any size. Default: DEFAULT_SIDE_PX. */
  sidePx?: number;
}

export const DEFAULT_SIDE_PX = 512;

/** @throws PipelineError MODEL_INVALID if the model does not load or its input is not square */
export async function openMattingModel(
  model: FoundModel,
  { sidePx: wantedPx = DEFAULT_SIDE_PX, ...options }: MattingOptions,
): Promise<MattingModel> {
  const { input, output, name } = model.contract;
  const sidePx = input.shape[2] ?? wantedPx;
  if (input.fit !== 'stretch' || (input.shape[3] ?? sidePx) !== sidePx) {
    throw new PipelineError(
      'MODEL_INVALID',
      `Expected the background removal ${name} to take a square, stretched picture, but its manifest says ` +
        `${input.shape.join(' x ')}, ${input.fit}`,
    );
  }
  const run = await openImageModel(model, options);
  return {
    name,
    sidePx,
    async matte(picture) {
      const square = await resize(picture, sidePx, sidePx);
      const [alpha] = await run(toImageTensor(square.bytes, sidePx, sidePx, input));
      const bytes = readAlpha(output.kind as MattingKind, alpha!, sidePx);
      return { bytes, widthPx: sidePx, heightPx: sidePx, channels: 1 };
    },
  };
}
