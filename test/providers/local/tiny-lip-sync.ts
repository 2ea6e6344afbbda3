import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TinyGraph, tinyOnnx } from './tiny-onnx.ts';

/** Wav2Lip's contract: the louder the voice, the closer the answer is to the original face. */
export const TINY_LIP_SYNC: TinyGraph = {
  inputs: [
    { name: 'mel', shape: ['n', 1, 80, 16] },
    { name: 'face', shape: ['n', 6, 96, 96] },
  ],
  outputs: [{ name: 'spoken', shape: ['n', 3, 96, 96] }],
  constants: { from: [3], to: [6], channel: [1] },
  nodes: [
    { op: 'Slice', inputs: ['face', 'from', 'to', 'channel'], output: 'own' },
    { op: 'ReduceMean', inputs: ['mel'], output: 'level', ints: { axes: [1, 2, 3] } },
    { op: 'Sigmoid', inputs: ['level'], output: 'share' },
    { op: 'Mul', inputs: ['own', 'share'], output: 'spoken' },
  ],
};

/** A folder for MODELS_DIR with this model alone. */
export async function writeLipSyncModel(folder: string): Promise<void> {
  await writeFile(join(folder, 'tiny.onnx'), tinyOnnx(TINY_LIP_SYNC));
  const model = {
    name: 'tiny',
    task: 'lip-sync',
    file: 'tiny.onnx',
    license: 'MIT',
    output: { kind: 'wav2lip' },
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify([model]));
}
