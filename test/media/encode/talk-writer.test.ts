import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VideoFormat } from '../../../src/contracts/video-format.ts';
import { openWav } from '../../../src/media/audio/wav.ts';
import { FilePathSource, Input, VideoSampleSink, WEBM } from '../../../src/media/codecs/webcodecs.ts';
import { checkVideo } from '../../../src/media/decode/check-video.ts';
import { toI420 } from '../../../src/media/encode/i420.ts';
import { joinParts } from '../../../src/media/encode/talk-parts.ts';
import { createTalkWriter, GROUP_FRAMES } from '../../../src/media/encode/talk-writer.ts';
import { needs } from '../../harness/needs.ts';
import { buzz, writeVoice } from '../../providers/local/talk-files.ts';

const SIZE = { widthPx: 96, heightPx: 64 };
const FRAMES = 130;

let folder: string;
let voicePath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talk-writer-'));
  voicePath = await writeVoice(join(folder, 'voice.wav'), buzz(FRAMES / 25));
});
afterAll(() => rm(folder, { recursive: true }));

/** A grey that gets lighter with each frame, so that a picture identifies its frame. */
function planesOf(frame: number): Uint8Array {
  const grey = 40 + frame;
  const pixels = new Uint32Array(SIZE.widthPx * SIZE.heightPx).fill((grey * 0x010101) | 0xff000000);
  const planes = new Uint8Array(pixels.length * 1.5);
  const whole = { left: 0, top: 0, right: SIZE.widthPx, bottom: SIZE.heightPx };
  toI420(pixels, SIZE.widthPx, SIZE.heightPx, whole, planes);
  return planes;
}

/** The same, opaque on the right and transparent on the left. */
function planesWithAlpha(frame: number): Uint8Array {
  const lumaBytes = SIZE.widthPx * SIZE.heightPx;
  const alpha = Uint8Array.from({ length: lumaBytes }, (_, i) => (i % SIZE.widthPx < 48 ? 0 : 255));
  return Buffer.concat([planesOf(frame), alpha]);
}

/** Makes the talk, or fails after some frames. Returns the frames that were drawn. */
async function write(
  partsFolder: string,
  path: string,
  { dieAt = FRAMES, format = 'mp4' }: { dieAt?: number; format?: VideoFormat } = {},
): Promise<number[]> {
  await using voice = await openWav(voicePath);
  await using writer = await createTalkWriter({
    ...SIZE,
    framesPerS: 25,
    frames: FRAMES,
    voice,
    partsFolder,
    provenance: true,
    format,
  });
  const drawn: number[] = [];
  for (let frame = writer.nextFrame; frame < dieAt; frame += 1) {
    await writer.addFrame(format === 'webm' ? planesWithAlpha(frame) : planesOf(frame));
    drawn.push(frame);
  }
  if (dieAt === FRAMES) {
    await writer.finish(path);
  }
  return drawn;
}

/** RGBA of pixels in the middle row of a frame. */
async function readPixels(path: string, frame: number, columns: number[]): Promise<Uint8Array[]> {
  using input = new Input({ source: new FilePathSource(path), formats: [WEBM] });
  const track = (await input.getPrimaryVideoTrack())!;
  using sample = (await new VideoSampleSink(track).getSample(frame / 25 + 0.01))!;
  const asRgba = { format: 'RGBA' } as VideoFrameCopyToOptions;
  const rgba = new Uint8Array(sample.allocationSize(asRgba));
  await sample.copyTo(rgba, asRgba);
  return columns.map((x) => {
    const at = 4 * ((SIZE.heightPx / 2) * SIZE.widthPx + x);
    return rgba.subarray(at, at + 4);
  });
}

const probe = (path: string, entries: string) =>
  spawnSync(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v', '-show_entries', entries, '-of', 'csv=p=0', path],
    {
      encoding: 'utf8',
    },
  ).stdout.trim();

describe('the talk writer', () => {
  it('continues after the last complete keyframe group of a failed attempt', async () => {
    const parts = await mkdtemp(join(folder, 'parts-'));
    const path = join(folder, 'resumed.mp4');

    await write(parts, path, { dieAt: FRAMES - 10 });
    const drawn = await write(parts, path);

    expect(drawn[0]).toBe(2 * GROUP_FRAMES);
    expect(drawn.at(-1)).toBe(FRAMES - 1);
    expect(await checkVideo(path)).toMatchObject({ ...SIZE, durationS: expect.closeTo(FRAMES / 25, 1) });
  });

  it('draws at most the last two seconds of a whole talk again', async () => {
    const parts = await mkdtemp(join(folder, 'parts-'));
    const path = join(folder, 'again.mp4');
    await write(parts, path);

    const drawn = await write(parts, path);

    expect(drawn[0]).toBe(2 * GROUP_FRAMES);
    expect(await checkVideo(path)).toMatchObject({ ...SIZE, durationS: expect.closeTo(FRAMES / 25, 1) });
  });

  it('starts over if another encoder wrote the parts, because one file cannot contain both', async () => {
    const parts = await mkdtemp(join(folder, 'parts-'));
    await write(parts, '', { dieAt: FRAMES - 10 });
    const options = { ...SIZE, framesPerS: 25, frames: FRAMES, partsFolder: parts, provenance: true };

    await using voice = await openWav(voicePath);
    const description = Uint8Array.of(1, 100, 0, 40);
    await using writer = await createTalkWriter({ ...options, voice }, async () => ({
      acceleration: 'prefer-software',
      description,
    }));

    expect(writer.nextFrame).toBe(0);
  });

  it('leaves parts that are a playable video so far', async () => {
    const parts = await mkdtemp(join(folder, 'parts-'));
    await write(parts, '', { dieAt: FRAMES - 10 });

    const path = join(folder, 'preview.mp4');
    expect(await joinParts(parts, path, 'mp4')).toBe(true);

    expect((await readdir(parts)).sort()).toEqual(['00000.mp4', '00001.mp4', '00002.mp4']);
    expect((await checkVideo(path)).durationS).toBeGreaterThan((2 * GROUP_FRAMES) / 25 - 0.1);
  });

  it('writes a WebM with alpha that can be resumed, and is playable while it grows', async () => {
    const parts = await mkdtemp(join(folder, 'parts-'));
    const [path, preview] = [join(folder, 'clear.webm'), join(folder, 'preview.webm')];
    await write(parts, path, { format: 'webm', dieAt: FRAMES - 10 });
    expect(await joinParts(parts, preview, 'webm')).toBe(true);
    // VP9 looks 25 frames ahead: the second group may still be inside the encoder.
    expect((await checkVideo(preview)).durationS).toBeGreaterThan(GROUP_FRAMES / 25 - 0.1);

    const drawn = await write(parts, path, { format: 'webm' });

    expect([GROUP_FRAMES, 2 * GROUP_FRAMES]).toContain(drawn[0]);
    expect(await checkVideo(path)).toMatchObject({ ...SIZE, durationS: expect.closeTo(FRAMES / 25, 1) });
    for (const frame of [0, GROUP_FRAMES - 1, 2 * GROUP_FRAMES, FRAMES - 1]) {
      const [clear, opaque] = await readPixels(path, frame, [24, 72]);
      expect(clear![3], `frame ${frame}`).toBeLessThanOrEqual(4);
      expect(opaque![3], `frame ${frame}`).toBeGreaterThanOrEqual(251);
      expect(Math.abs(opaque![0]! - (40 + frame)), `frame ${frame}`).toBeLessThanOrEqual(4);
    }
    expect((await readFile(path)).toString('latin1')).toContain('compositeWithTrainedAlgorithmicMedia');
  });

  it('declares in XMP that the file is machine-made', async () => {
    const path = join(folder, 'marked.mp4');
    await write(await mkdtemp(join(folder, 'parts-')), path);

    const bytes = await readFile(path);
    const at = bytes.indexOf(Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex'));
    expect(bytes.toString('latin1', at - 4, at)).toBe('uuid');
    expect(bytes.readUInt32BE(at - 8)).toBe(bytes.length - at + 8);
    expect(bytes.toString('utf8', at)).toContain('digitalsourcetype/compositeWithTrainedAlgorithmicMedia');
  });

  needs('ffmpeg').it(
    'is H.264 High in bt709 that ffmpeg decodes to the end, in the right colours',
    async () => {
      const path = join(folder, 'checked.mp4');
      await write(await mkdtemp(join(folder, 'parts-')), path);

      expect(
        probe(
          path,
          'stream=profile,pix_fmt,color_range,color_space,color_transfer,color_primaries,nb_frames',
        ),
      ).toBe(`High,yuv420p,tv,bt709,bt709,bt709,${FRAMES}`);
      const decoded = spawnSync(
        'ffmpeg',
        ['-v', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
        {
          maxBuffer: 64e6,
        },
      );
      expect(decoded.stderr.toString()).toBe('');
      const frameBytes = SIZE.widthPx * SIZE.heightPx * 3;
      expect(decoded.stdout.length / frameBytes).toBe(FRAMES);
      const greys = [0, 60, FRAMES - 1].map((frame) => decoded.stdout[frame * frameBytes + frameBytes / 2]!);
      greys.forEach((grey, i) => {
        expect(Math.abs(grey - (40 + [0, 60, FRAMES - 1][i]!))).toBeLessThanOrEqual(3);
      });
    },
  );
});
