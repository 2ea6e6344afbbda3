import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { needs } from '../harness/needs.ts';
import { makeRecordings } from '../harness/recordings/recording-kinds.ts';
import { fuzzDecoders, spread } from './fuzz-decoders.ts';

/** One file of each container and codec, and damage that once kept a decoder busy for ever. */
const FILES = [
  ...['size-of-the-first-block.wav', 'bw64.wav', 'ms-adpcm-stereo.wav', 'flac-after-a-tag.flac'],
  ...['large-pictures-in-tags.mp3', 'starts-mid-frame.aac', 'two-rates.ogg', 'amr-in-3gp.3gp'],
  ...['alac.caf', 'opus.webm', 'pcm.aiff', 'windows.wma', 'camera.mts', 'fragmented.mp4'],
];
const PER_FILE = 4;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
});
afterAll(() => rm(folder, { recursive: true }));

needs('ffmpeg').it(
  'damaged recordings end in a voice or in a refusal, and leave nothing behind',
  async () => {
    const paths = makeRecordings(folder, (name) => FILES.includes(name));
    const { findings, ends } = await fuzzDecoders({
      field: 'audio',
      cases: spread(paths, 0, PER_FILE * FILES.length),
      slots: 1,
      timeoutMs: 20_000,
    });

    expect(findings).toEqual([]);
    expect(ends.decoded).toBeGreaterThan(FILES.length);
  },
  120_000,
);
