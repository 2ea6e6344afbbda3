import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLipSyncModel, type LipSyncModel } from '../../../src/inference/speech/lip-sync-model.ts';
import { checkVideo } from '../../../src/media/decode/check-video.ts';
import { findModelFile, LIP_SYNC_KINDS } from '../../../src/models/find-model.ts';
import { createLipSync } from '../../../src/providers/local/lip-sync/lip-sync.ts';
import { melSpectrogramOf } from '../../../src/providers/local/lip-sync/mel-spectrogram.ts';
import { renderTalk } from '../../../src/providers/local/render-talk.ts';
import { createTalkModels, findTalkModels } from '../../../src/providers/local/talk-models.ts';
import { buzz, photoRequest, writeVoice } from './talk-files.ts';
import { TINY_LIP_SYNC, writeLipSyncModel } from './tiny-lip-sync.ts';
import { type TinyGraph, tinyOnnx } from './tiny-onnx.ts';

const SAMPLE = fileURLToPath(new URL('../../../samples/portrait.jpg', import.meta.url));
const FRAME = { widthPx: 240, heightPx: 240 };
/** A face from (60, 40) to (180, 200). */
const FACE = Float32Array.of(60, 40, 0, 180, 200, 0);
const GREY = 0xff808080;

let folder: string;
let model: LipSyncModel;
const write = async (name: string, graph: TinyGraph) => {
  const path = join(folder, name);
  await writeFile(path, tinyOnnx(graph));
  return { path, name, revision: undefined, digest: '' };
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lip-sync-'));
  model = await createLipSyncModel(await write('tiny.onnx', TINY_LIP_SYNC), { threads: 1 });
});
afterAll(() => rm(folder, { recursive: true }));

describe('the lip-sync engine', () => {
  it("draws the network's mouth for the voice, batch by batch, and changes only the mouth", async () => {
    const voice = buzz(2, (time) => time > 1);
    const lipSync = createLipSync(model, voice, { points: FACE, frame: FRAME, framesPerS: 25 });
    const pictures = [5, 40].map(() => new Uint32Array(240 * 240).fill(GREY));

    expect(lipSync.batch).toBe(16);
    await lipSync.draw(pictures.slice(0, 1), 5);
    await lipSync.draw(pictures.slice(1), 40);

    const [silent, spoken] = pictures as [Uint32Array, Uint32Array];
    const at = (picture: Uint32Array, x: number, y: number) => picture[y * 240 + x]! & 255;
    expect(at(silent, 120, 165)).toBeLessThan(8);
    expect(at(spoken, 120, 165)).toBeGreaterThan(at(silent, 120, 165) + 20);
    for (const [x, y] of [
      [120, 100],
      [20, 165],
      [120, 230],
      [65, 165],
    ] as const) {
      expect(at(silent, x, y), `${x}, ${y}`).toBe(128);
    }
    // A soft edge: no step of more than a few greys between neighbours.
    const column = Array.from({ length: 100 }, (_, i) => at(silent, 120, 100 + i));
    expect(Math.max(...column.slice(1).map((value, i) => Math.abs(value - column[i]!)))).toBeLessThan(20);
  });

  it('passes the face with its lower half black, and the whole face, to the model', async () => {
    const seen: Float32Array[] = [];
    const spy: LipSyncModel = {
      ...model,
      speak: (mels, faces, count) => {
        seen.push(faces.slice());
        return model.speak(mels, faces, count);
      },
    };
    const red = new Uint32Array(240 * 240).fill(0xff0000ff);
    await createLipSync(spy, buzz(1), { points: FACE, frame: FRAME, framesPerS: 25 }).draw([red], 0);

    const plane = (channel: number, row: number) => seen[0]![channel * 96 * 96 + row * 96 + 48];
    expect([0, 1, 2, 3, 4, 5].map((channel) => plane(channel, 10))).toEqual([0, 0, 1, 0, 0, 1]);
    expect([0, 1, 2, 3, 4, 5].map((channel) => plane(channel, 80))).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('accepts models that were exported for one frame', async () => {
    const one: TinyGraph = {
      ...TINY_LIP_SYNC,
      inputs: TINY_LIP_SYNC.inputs.map((input) => ({ ...input, shape: [1, ...input.shape.slice(1)] })),
      outputs: [{ name: 'spoken', shape: [1, 3, 96, 96] }],
    };
    expect((await createLipSyncModel(await write('one.onnx', one), { threads: 1 })).batch).toBe(1);
  });

  it('refuses a model of another contract', async () => {
    const other: TinyGraph = {
      inputs: [{ name: 'x', shape: [1, 3, 8, 8] }],
      outputs: [{ name: 'y', shape: [1, 3, 8, 8] }],
      constants: {},
      nodes: [{ op: 'Sigmoid', inputs: ['x'], output: 'y' }],
    };
    await expect(createLipSyncModel(await write('other.onnx', other), { threads: 1 })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('x [1,3,8,8]'),
    });
  });

  it('finds its model by task and output in the manifest', async () => {
    const folders = { dir: folder, cacheDir: join(folder, 'none') };
    await writeLipSyncModel(folder);

    expect(await findModelFile('lip-sync', LIP_SYNC_KINDS, folders)).toMatchObject({ name: 'tiny' });
  });

  it.each([
    ['MP4', false],
    ['WebM without a background', true],
  ])(
    'makes a video that plays, with the starter models for the face: %s',
    {
      timeout: 60_000,
    },
    async (_, isTransparent) => {
      const plan = await findTalkModels({ cacheDir: join(folder, 'none') }, 1);
      const lipSync = await write('tiny.onnx', TINY_LIP_SYNC);
      const models = await createTalkModels({ ...plan, lipSync });
      const voice = await writeVoice(join(folder, 'voice.wav'), buzz(1));
      const path = join(folder, 'talk');
      const options = { longSidePx: 512, mark: true, provenance: true };
      const request = { ...(await photoRequest(folder, SAMPLE, voice)), isTransparent };

      await renderTalk(models, request, path, options, () => {});

      expect((await checkVideo(path)).durationS).toBeCloseTo(1, 1);
    },
  );
});

describe('the mel spectrogram', () => {
  it('is -4 in silence, and highest in the band of a tone', () => {
    const out = new Float32Array(80 * 16);
    melSpectrogramOf(new Float32Array(16_000)).copyAround(3, 25, out, 0);
    expect(out.every((value) => value === -4)).toBe(true);

    const tone = Float32Array.from(
      { length: 16_000 },
      (_, i) => 0.5 * Math.sin((2 * Math.PI * 1000 * i) / 16_000),
    );
    melSpectrogramOf(tone).copyAround(5, 25, out, 0);
    const bands = Array.from({ length: 80 }, (_, band) => out[band * 16 + 8]!);
    // Librosa's filter 24 of 80 between 55 and 7600 Hz has its middle nearest to 1 kHz.
    expect(bands.indexOf(Math.max(...bands))).toBe(nearestBand(1000));
  });
});

/** By Slaney's scale: 3 mels for 200 Hz up to 1 kHz, then 27 mels for a factor of 6.4. */
function nearestBand(hz: number): number {
  const toMel = (value: number) =>
    value < 1000 ? (3 * value) / 200 : 15 + (27 * Math.log(value / 1000)) / Math.log(6.4);
  const [low, high] = [toMel(55), toMel(7600)];
  return Math.round(((toMel(hz) - low) / (high - low)) * 81) - 1;
}
