import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { boundsOf } from '../../../src/inference/face/face-landmarks.ts';
import { openWav } from '../../../src/media/audio/wav.ts';
import {
  ALL_FORMATS,
  EncodedPacketSink,
  FilePathSource,
  Input,
} from '../../../src/media/codecs/webcodecs.ts';
import { readMono } from '../../../src/media/voice/mono-voice.ts';
import { voiceFeaturesOf } from '../../../src/media/voice/voice-features.ts';
import type { TalkRequest } from '../../../src/ports/video-provider.ts';
import { eyeDistance } from '../../../src/providers/local/face/face-points.ts';
import { motionOf } from '../../../src/providers/local/motion/motion.ts';
import { REST } from '../../../src/providers/local/motion/pose.ts';
import { renderTalk } from '../../../src/providers/local/render-talk.ts';
import { type StagedTalk, stageTalk } from '../../../src/providers/local/stage-talk.ts';
import {
  createTalkModels,
  findTalkModels,
  type TalkModels,
} from '../../../src/providers/local/talk-models.ts';
import { analyseVoice } from '../../../src/providers/local/voice/analyse-voice.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir, modelsDir } from '../../harness/shared-media.ts';
import { buzz, maskOver, photoRequest, writeVoice } from './talk-files.ts';

const SAMPLE = fileURLToPath(new URL('../../../samples/portrait.jpg', import.meta.url));
const SIDE = 512;
let folder: string;
let models: TalkModels;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talk-'));
  if (modelsDir) {
    models = await createTalkModels(await findTalkModels({ dir: modelsDir, cacheDir: folder }, 1));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

needs('MODELS_DIR', 'MEDIA_DIR').describe(
  'renderTalk, with real models and media',
  // Each takes seconds on an idle machine.
  { timeout: 120_000 },
  () => {
    const person = (name: string) => join(mediaDir!, 'people', name);
    const jfk = () => join(mediaDir!, 'audio', 'jfk.wav');
    const stage = (photo: string) =>
      once(`stage ${photo}`, async () => stageTalk(models, await photoRequest(folder, photo, jfk()), SIDE));

    it('shows the portrait itself at rest', async () => {
      for (const photo of [person('obama.jpg'), person('u2_man.jpg'), SAMPLE]) {
        const { animator, portrait, frame: size } = await stage(photo);
        const frame = new Uint32Array(size.widthPx * size.heightPx);

        animator.draw(REST, frame);

        const off = frame.reduce(
          (most, pixel, i) => Math.max(most, difference(pixel, portrait.pixels[i]!)),
          0,
        );
        expect(off, photo).toBeLessThanOrEqual(2);
      }
    });

    it('opens the mouth with the loudness of the voice', async () => {
      for (const photo of [person('obama.jpg'), person('u2_man.jpg')]) {
        const { gaps, loudness } = await speak(await stage(photo), jfk(), { from: 5, frames: 66, every: 3 });

        expect(correlation(gaps, loudness), photo).toBeGreaterThan(0.5);
      }
    });

    it('renders the same frames for the same request, and others for another', async () => {
      const request = await photoRequest(folder, person('u2_man.jpg'), jfk());
      const hashOf = async (requestId: string) => {
        const staged = await stageTalk(models, { ...request, requestId }, SIDE);
        const hash = createHash('sha256');
        await drawFrames(staged, jfk(), { seed: requestId, from: 20, frames: 5 }, (frame) =>
          hash.update(frame),
        );
        return hash.digest('hex');
      };

      const [first, again, other] = [await hashOf('a'), await hashOf('a'), await hashOf('b')];
      expect(again).toBe(first);
      expect(other).not.toBe(first);
    });

    it('writes an MP4 as long as the voice, with its index in front', async () => {
      const voice = await writeVoice(
        join(folder, 'voice.wav'),
        buzz(2.33, (time) => time % 0.5 < 0.3),
      );
      const video = join(folder, 'talk.mp4');
      const progress: number[] = [];

      const talk = await renderTalk(
        models,
        await photoRequest(folder, person('obama.jpg'), voice),
        video,
        { longSidePx: SIDE, mark: true, provenance: true },
        ({ frame, frames }) => {
          progress.push(frame / frames);
        },
      );

      expect(talk).toMatchObject({ widthPx: 410, heightPx: SIDE, warnings: [] });
      expect(progress.at(-1)).toBe(1);
      expect(progress.length).toBeGreaterThan(4);
      const bytes = await readFile(video);
      expect(bytes.indexOf('moov')).toBeGreaterThan(0);
      expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
      using input = new Input({ source: new FilePathSource(video), formats: ALL_FORMATS });
      const track = await input.getPrimaryVideoTrack();
      const sound = await input.getPrimaryAudioTrack();
      expect([track?.codec, sound?.codec, track?.codedWidth]).toEqual(['avc', 'aac', 410]);
      expect(Math.abs((await track!.computeDuration()) - 2.33)).toBeLessThanOrEqual(0.04);
      expect(Math.abs((await sound!.computeDuration()) - 2.33)).toBeLessThan(0.1);
      let frames = 0;
      for await (const packet of new EncodedPacketSink(track!).packets()) {
        frames += packet.byteLength > 0 ? 1 : 0;
      }
      expect(frames).toBe(58);
    });

    it('uses the face of the person in the mask', async () => {
      const request = await photoRequest(folder, person('zidane.jpg'), jfk());
      const inProfile = await maskOver(request.maskPath, { left: 450, top: 180, width: 260, height: 500 });

      expect(await refusalOf(request)).toBeUndefined();
      expect(await refusalOf({ ...request, maskPath: inProfile })).toMatchObject({
        code: 'FACE_UNSUITABLE',
        message: expect.stringContaining('from the front'),
      });
    });

    it('refuses half a face', async () => {
      const request = await photoRequest(folder, person('obama_partial_face.jpg'), jfk());

      expect(await refusalOf(request)).toMatchObject({ code: 'FACE_UNSUITABLE' });
    });

    it('refuses a picture without a face', async () => {
      const request = await photoRequest(folder, join(mediaDir!, 'no-person', 'plants-1.jpg'), jfk());

      expect(await refusalOf(request)).toMatchObject({ code: 'FACE_NOT_FOUND' });
    });
  },
);

async function refusalOf(request: TalkRequest): Promise<unknown> {
  return stageTalk(models, request, SIDE).then(
    () => undefined,
    (error) => error,
  );
}

function difference(a: number, b: number): number {
  return Math.max(...[0, 8, 16].map((shift) => Math.abs(((a >>> shift) & 255) - ((b >>> shift) & 255))));
}

interface Cut {
  from: number;
  frames: number;
  /** Draw only one of this many frames. */
  every?: number;
  seed?: string;
}

async function drawFrames(
  { animator, frame: size }: StagedTalk,
  voicePath: string,
  { from, frames, every = 1, seed = 'test' }: Cut,
  onFrame: (rgba: Uint8Array) => unknown,
): Promise<void> {
  const mono = await monoOf(voicePath);
  const heard = await once(`hear ${voicePath}`, () => analyseVoice(mono, models.speech));
  const poseAt = motionOf(heard, {
    frames: Math.round(mono.length / 640),
    framesPerS: 25,
    seed,
    ...animator.manner,
    stillHead: false,
  });
  const picture = new Uint32Array(size.widthPx * size.heightPx);
  for (let frame = from; frame < from + frames; frame += every) {
    animator.draw(poseAt(frame), picture);
    await onFrame(new Uint8Array(picture.buffer));
  }
}

const known = new Map<string, Promise<unknown>>();

/** Made once for all tests, because it takes a second. */
function once<T>(name: string, make: () => Promise<T>): Promise<T> {
  const made = (known.get(name) as Promise<T> | undefined) ?? make();
  known.set(name, made);
  return made;
}

async function monoOf(voicePath: string): Promise<Float32Array> {
  await using voice = await openWav(voicePath);
  return await readMono(voice);
}

/** Gaps between the lips in eye distances, by landmarks of the frames that were drawn, and the voice's loudness. */
async function speak(staged: StagedTalk, voicePath: string, cut: Cut) {
  const { levelDb } = voiceFeaturesOf(await monoOf(voicePath));
  const gaps: number[] = [];
  let box: [number, number, number, number] | undefined;
  await drawFrames(staged, voicePath, cut, async (rgba) => {
    const picture = {
      ...staged.frame,
      channels: 3 as const,
      bytes: withoutAlpha(rgba),
    };
    box ??= (await models.detector.detect(picture))[0]!.box;
    const { points } = await models.landmarker.locate(picture, box);
    box = boundsOf(points);
    gaps.push(Math.hypot(points[42]! - points[39]!, points[43]! - points[40]!) / eyeDistance(points));
  });
  return {
    gaps,
    loudness: gaps.map((_, i) => Math.max(-50, levelDb[4 * (cut.from + i * (cut.every ?? 1))]!)),
  };
}

function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb.set(rgba.subarray(from, from + 3), to);
  }
  return rgb;
}

function correlation(a: number[], b: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, i) => (value - meanA) * (b[i]! - meanB)));
  return covariance / Math.sqrt(mean(a.map((v) => (v - meanA) ** 2)) * mean(b.map((v) => (v - meanB) ** 2)));
}
