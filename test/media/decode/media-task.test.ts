import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readWav } from '../../../src/media/audio/wav.ts';
import { createTask } from '../../../src/media/decode/media-task.ts';
import { prepareAudio } from '../../../src/media/decode/prepare-audio.ts';
import type { PrepareMediaResult } from '../../../src/ports/prepare-media.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir } from '../../harness/shared-media.ts';

let folder: string;
let paths: { photoPath: string; voicePath: string; backgroundPath: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-task-'));
  paths = {
    photoPath: join(folder, 'photo.png'),
    voicePath: join(folder, 'voice.wav'),
    backgroundPath: join(folder, 'backdrop.png'),
  };
});
afterAll(() => rm(folder, { recursive: true }));

/** Sizes of the upright picture, and seconds as players show them. */
const PICTURES: Record<string, [format: string, widthPx: number, heightPx: number] | { code: string }> = {
  'edge/exif_Landscape_6.jpg': ['jpeg', 1800, 1200],
  'edge/exif_Portrait_6.jpg': ['jpeg', 1200, 1800],
  'edge/cmyk.jpg': ['jpeg', 500, 333],
  'edge/hopper_gray.jpg': ['jpeg', 128, 128],
  'edge/hopper.avif': ['avif', 128, 128],
  'edge/HMD_Nokia_8.3_5G.jpg': ['jpeg', 4608, 1976],
  'no-person/coffee.png': ['png', 600, 400],
  'no-person/chelsea_cat.png': ['png', 451, 300],
  'no-person/plants-1.jpg': ['png', 987, 1481],
  'no-person/boat.jpg': ['jpeg', 1280, 720],
  'no-person/car-1.jpg': ['jpeg', 480, 360],
  'edge/example.heic': ['heic', 1280, 854],
  'edge/animated-loop-3.gif': ['gif', 370, 285],
  'edge/animated-loop-3.webp': ['webp', 370, 285],
  // Whole but for the last byte of its end marker.
  'edge/truncated_pillow.jpg': ['jpeg', 100, 100],
  'edge/decompression_bomb.gif': { code: 'MEDIA_UNDECODABLE' },
  'audio/jfk.wav': { code: 'MEDIA_UNSUPPORTED' },
  'edge/65536-uint32-limit.png': { code: 'IMAGE_TOO_LARGE' },
  'edge/broken_data_stream.png': { code: 'MEDIA_UNDECODABLE' },
  'edge/corrupt-header.jpg': { code: 'MEDIA_UNDECODABLE' },
  'edge/truncated_zidane.jpg': { code: 'MEDIA_UNDECODABLE' },
};

const RECORDINGS: Record<
  string,
  [format: string, durationS: number, sampleRateHz: number, channels: number] | { code: string }
> = {
  'audio/jfk.wav': ['wav', 11, 16_000, 1],
  'audio/jfk.mp3': ['mp3', 11.1, 16_000, 1],
  'audio/jfk.m4a': ['m4a', 11, 16_000, 1],
  'audio/jfk.flac': ['flac', 11, 44_100, 2],
  'audio/format_test.m4a': ['m4a', 9.7, 44_100, 1],
  'audio/stereo-24bit-44100.wav': ['wav', 2.7, 44_100, 2],
  'audio/librispeech_198-209-0000.ogg': ['ogg', 13.9, 22_050, 1],
  'audio/librispeech_3436-172162-0000.ogg': ['ogg', 16.7, 22_050, 1],
  'audio/bach_music.ogg': ['ogg', 3, 44_100, 1],
  'edge/wrong_extension.aac': ['m4a', 9.7, 44_100, 1],
  'edge/truncated_jfk.wav': ['wav', 3.1, 16_000, 1],
  'edge/incomplete.mp3': ['mp3', 49.2, 22_050, 2],
  'edge/not_audio_bus.wav': { code: 'MEDIA_UNSUPPORTED' },
  'edge/test1_empty.wav': { code: 'AUDIO_TOO_SHORT' },
};

needs('MEDIA_DIR').describe('the media slot, with real photos and recordings', () => {
  const prepare = async (image: string, audio: string): Promise<PrepareMediaResult> => {
    const task = await createTask();
    const input = { imagePath: join(mediaDir!, image), audioPath: join(mediaDir!, audio), ...paths };
    return (await task.run(input, () => {})) as PrepareMediaResult;
  };

  it.each(Object.entries(PICTURES))('says of %s: %j', async (name, expected) => {
    if (!Array.isArray(expected)) {
      await expect(prepare(name, 'audio/jfk.wav')).rejects.toMatchObject(expected);
      return;
    }
    const [format, widthPx, heightPx] = expected;

    const { photo } = await prepare(name, 'audio/jfk.wav');

    expect(photo).toEqual({ format, widthPx, heightPx });
    expect(await sharp(paths.photoPath).metadata()).toMatchObject({
      format: 'png',
      space: 'srgb',
      depth: 'uchar',
      channels: 3,
      width: widthPx,
      height: heightPx,
    });
  });

  it.each(Object.entries(RECORDINGS))('says of %s: %j', async (name, expected) => {
    if (!Array.isArray(expected)) {
      await expect(prepare('edge/hopper_gray.jpg', name)).rejects.toMatchObject(expected);
      return;
    }
    const [format, durationS, sampleRateHz, channels] = expected;

    const { voice } = await prepare('edge/hopper_gray.jpg', name);

    expect(voice).toMatchObject({ format, sampleRateHz, channels });
    expect(Math.abs(voice.durationS - durationS)).toBeLessThan(0.06);
    const wav = await readWav(paths.voicePath);
    expect(wav.sampleRateHz).toBe(sampleRateHz);
    expect(wav.channels).toHaveLength(channels);
    expect(wav.channels[0]!.length / sampleRateHz).toBeCloseTo(voice.durationS, 6);
  });

  it('has an expectation for every file in these folders', async () => {
    const names: string[] = [];
    for (const name of ['edge', 'audio', 'no-person']) {
      names.push(...(await readdir(join(mediaDir!, name))).map((file) => `${name}/${file}`));
    }

    expect(names.filter((name) => !(name in PICTURES) && !(name in RECORDINGS))).toEqual([]);
  });

  it('decodes a truncated Ogg file up to the end', async () => {
    const whole = await readFile(join(mediaDir!, 'audio/librispeech_198-209-0000.ogg'));
    const cut = join(folder, 'cut.ogg');
    await writeFile(cut, whole.subarray(0, 30_000));

    const { durationS } = await prepareAudio(cut, paths.voicePath);

    expect(durationS).toBeCloseTo(4.9, 1);
  });

  it('decodes the same speech from WAV, MP3, M4A and FLAC', async () => {
    const loudness: number[] = [];
    for (const name of ['jfk.wav', 'jfk.mp3', 'jfk.m4a', 'jfk.flac']) {
      await prepare('edge/hopper_gray.jpg', `audio/${name}`);
      const [samples] = (await readWav(paths.voicePath)).channels;
      loudness.push(Math.sqrt(samples!.reduce((sum, value) => sum + value * value, 0) / samples!.length));
    }

    for (const rms of loudness) {
      expect(Math.abs(rms - loudness[0]!)).toBeLessThan(0.002);
    }
  });

  it('converts CMYK to the intended colours', async () => {
    await prepare('edge/cmyk.jpg', 'audio/jfk.wav');

    const { channels } = await sharp(paths.photoPath).stats();

    // As ImageMagick shows it, through the profile in the file.
    for (const [index, mean] of [120.9, 126.2, 115].entries()) {
      expect(Math.abs(channels[index]!.mean - mean)).toBeLessThan(2);
    }
  });
});

it('passes its self-test', async () => {
  const task = await createTask();

  expect(await task.selfTest()).toMatchObject({ image: 'png', audioS: 0.5 });
});
