import { PipelineError } from '../../errors.ts';
import type { ModelFile } from '../../models/find-model.ts';
import { openSession } from '../runtime/session.ts';

/** Side of the square face, input and output, in pixels. */
export const FACE_SIDE = 96;
/** Voice around a frame: 16 steps of 12.5 ms in 80 mel bands. */
export const MEL_BANDS = 80;
export const MEL_STEPS = 16;

export interface LipSyncModel {
  name: string;
  /** Frames at a time: 1 if the model was exported for one. */
  batch: number;
  /**
   * @param mels N x 80 x 16
   * @param faces N x 6 x 96 x 96: the face with its lower half black, then the face; BGR, 0 to 1
   * @returns N x 3 x 96 x 96: the face as it speaks, BGR, 0 to 1
   */
  speak(mels: Float32Array, faces: Float32Array, count: number): Promise<Float32Array>;
}

const MAX_BATCH = 16;

/**
 * Runs models with the contract of Wav2Lip: mel `[N,1,80,16]` and face `[N,6,96,96]` to `[N,3,96,96]`. @see
 * https://arxiv.org/abs/2008.10010
 */
export async function createLipSyncModel(
  file: ModelFile,
  options: { threads: number },
): Promise<LipSyncModel> {
  const session = await openSession(file, options);
  const mel = session.inputs.find(({ shape }) => shape[2] === MEL_BANDS && shape[3] === MEL_STEPS);
  const face = session.inputs.find(({ shape }) => shape[1] === 6 && shape[2] === FACE_SIDE);
  if (!mel || !face) {
    const found = session.inputs.map(({ name, shape }) => `${name} [${shape.join(',')}]`).join(' and ');
    throw new PipelineError(
      'MODEL_INVALID',
      `Expected the model ${file.name} to have the inputs of Wav2Lip, [N,1,80,16] and [N,6,96,96], but found ${found}.`,
    );
  }
  return {
    name: file.name,
    batch: face.shape[0] === 1 ? 1 : MAX_BATCH,
    async speak(mels, faces, count) {
      const [output] = await session.run({
        [mel.name]: { data: mels, dims: [count, 1, MEL_BANDS, MEL_STEPS] },
        [face.name]: { data: faces, dims: [count, 6, FACE_SIDE, FACE_SIDE] },
      });
      const { data, dims } = output!;
      if (dims.join() !== `${count},3,${FACE_SIDE},${FACE_SIDE}`) {
        throw new PipelineError(
          'MODEL_INVALID',
          `Expected the output [${count},3,96,96] of the model ${file.name}, but got [${dims.join(',')}].`,
        );
      }
      return data;
    },
  };
}
