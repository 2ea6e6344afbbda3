import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMp4Writer } from '../../../emulators/d-id/mp4-writer.ts';
import {
  FilePathTarget,
  Mp4OutputFormat,
  Output,
  VideoSample,
  VideoSampleSource,
} from '../../../src/media/codecs/webcodecs.ts';
import { checkVideo } from '../../../src/media/decode/check-video.ts';
import { writeThumbnail } from '../../../src/media/picture/thumbnail.ts';

const WIDTH = 640;
const HEIGHT = 360;
let folder: string;
let video: Buffer;
const at = (name: string) => join(folder, name);

/** Two seconds: skin-coloured left half, blue right half, and a tone. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'check-video-'));
  const sound = { sampleRateHz: 44_100, channels: 2, samples: 88_200 };
  const writer = await createMp4Writer(at('video.mp4'), {
    widthPx: WIDTH,
    heightPx: HEIGHT,
    framesPerS: 25,
    frames: 50,
    sound,
  });
  const tone = Float32Array.from({ length: 44_100 }, (_, n) => 0.5 * Math.sin(n / 10));
  for (let second = 0; second < 2; second++) {
    for (let frame = 0; frame < 25; frame++) {
      await writer.addFrame(drawFrame());
    }
    await writer.addSound([tone, tone]);
  }
  await writer.finish();
  video = await readFile(at('video.mp4'));
});
afterAll(() => rm(folder, { recursive: true }));

function drawFrame(): Uint8Array {
  const rgba = new Uint8Array(WIDTH * HEIGHT * 4);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    rgba.set(pixel % WIDTH < WIDTH / 2 ? [224, 172, 140, 255] : [40, 60, 200, 255], pixel * 4);
  }
  return rgba;
}

async function check(bytes: Uint8Array) {
  await writeFile(at('other.mp4'), bytes);
  return checkVideo(at('other.mp4'));
}

describe('checking a video', () => {
  it('measures one that the encoder wrote', async () => {
    const { widthPx, heightPx, durationS } = await checkVideo(at('video.mp4'));

    expect({ widthPx, heightPx }).toEqual({ widthPx: WIDTH, heightPx: HEIGHT });
    expect(Math.abs(durationS - 2)).toBeLessThan(0.05);
  });

  it.each([
    ['cut off', () => video.subarray(0, video.length * 0.6)],
    [
      'zeroed from the middle on',
      () => Buffer.concat([video.subarray(0, video.length / 2), Buffer.alloc(video.length / 2)]),
    ],
    ['a web page', () => Buffer.from('<html>502 Bad Gateway</html>')],
    ['empty', () => Buffer.alloc(0)],
  ])('refuses one that is %s', async (_, bytes) => {
    await expect(check(bytes())).rejects.toMatchObject({ code: 'VIDEO_UNPLAYABLE' });
  });

  it('refuses a silent film', async () => {
    await writeSilentFilm(at('silent.mp4'));

    await expect(checkVideo(at('silent.mp4'))).rejects.toThrow('one without sound');
  });

  it('rejects one with its index at the end, which must load completely before it plays', async () => {
    await expect(check(moveIndexToEnd(video))).rejects.toThrow('its index at the end');
  });
});

describe('the thumbnail', () => {
  it('shows the first frame in its colours, at the size of the video', async () => {
    await writeThumbnail(at('video.mp4'), at('thumbnail.jpg'));

    const { data, info } = await sharp(at('thumbnail.jpg')).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 3 });
    for (const [x, expected] of [
      [WIDTH / 4, [224, 172, 140]],
      [(3 * WIDTH) / 4, [40, 60, 200]],
    ] as const) {
      const pixel = data.subarray(((HEIGHT / 2) * WIDTH + x) * 3, ((HEIGHT / 2) * WIDTH + x) * 3 + 3);
      expected.forEach((value, channel) => {
        expect(Math.abs(pixel[channel]! - value)).toBeLessThan(6);
      });
    }
  });
});

/** Moves the index to the end and puts an empty box in its place, so that its offsets stay valid. */
function moveIndexToEnd(mp4: Buffer): Buffer {
  const start = mp4.indexOf('moov') - 4;
  const index = mp4.subarray(start, start + mp4.readUInt32BE(start));
  const moved = Buffer.concat([mp4, index]);
  moved.write('free', start + 4, 'latin1');
  return moved;
}

async function writeSilentFilm(path: string): Promise<void> {
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: 'in-memory' }),
    target: new FilePathTarget(path),
  });
  const source = new VideoSampleSource({ codec: 'avc', bitrate: 500_000 });
  output.addVideoTrack(source);
  await output.start();
  for (let frame = 0; frame < 10; frame++) {
    using sample = new VideoSample(drawFrame(), {
      format: 'RGBA',
      codedWidth: WIDTH,
      codedHeight: HEIGHT,
      timestamp: frame / 25,
      duration: 1 / 25,
    });
    await source.add(sample);
  }
  await output.finalize();
}
