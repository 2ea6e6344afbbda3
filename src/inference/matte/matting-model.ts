import { PipelineError } from '../../errors.ts';
import type { FoundModel } from '../../models/find-model.ts';
import { toImageTensor } from '../image/image-tensor.ts';
import { type Raster, resize } from '../image/raster.ts';
import { openImageModel, type SessionOptions } from '../runtime/session.ts';
import { type MattingKind, readAlpha } from './matting-output.ts';

export interface MattingModel {
  name: string;
  /** Side of the square that the model sees, and of the alpha that it gives. */
  sidePx: number;
  /** The alpha of everybody in an RGB picture of any shape, 0 to 255. */
  matte(picture: Raster): Promise<Raster>;
}

export interface MattingOptions extends SessionOptions {
  /** For models that take any size. */
  sidePx?: number;
}

const DEFAULT_SIDE_PX = 512;

/** @throws PipelineError MODEL_INVALID where the model does not load or takes no square. */
export async function openMattingModel(
  model: FoundModel,
  { sidePx: wantedPx = DEFAULT_SIDE_PX, ...options }: MattingOptions,
): Promise<MattingModel> {
  const { input, output, name } = model.contract;
  const sidePx = input.shape[2] ?? wantedPx;
  if (input.fit !== 'stretch' || (input.shape[3] ?? sidePx) !== sidePx) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The background removal ${name} should take a square that the picture is stretched to, but its manifest says ` +
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
