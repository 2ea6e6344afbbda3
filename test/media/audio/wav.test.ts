import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWavWriter, readWav } from '../../../src/media/audio/wav.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wav-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('WAV files', () => {
  it('return the channels that were written in pieces', async () => {
    const path = join(folder, 'stereo.wav');
    const writer = await createWavWriter(path, { sampleRateHz: 22_050, channels: 2 });
    await writer.write(Float32Array.of(0.5, -0.5, 0.25, -0.25));
    await writer.write(Float32Array.of(1 / 32_768, 0));
    await writer.finish();

    const { sampleRateHz, channels } = await readWav(path);

    expect(sampleRateHz).toBe(22_050);
    expect(channels.map((samples) => [...samples])).toEqual([
      [0.5, 0.25, 1 / 32_768],
      [-0.5, -0.25, 0],
    ]);
  });

  it('clip samples above full scale instead of wrapping them around', async () => {
    const path = join(folder, 'loud.wav');
    const writer = await createWavWriter(path, { sampleRateHz: 8000, channels: 1 });
    await writer.write(Float32Array.of(1.5, -1.5));
    await writer.finish();

    expect([...(await readWav(path)).channels[0]!]).toEqual([32_767 / 32_768, -1]);
  });

  it('may have padded chunks before the sound', async () => {
    const path = join(folder, 'chunks.wav');
    const writer = await createWavWriter(path, { sampleRateHz: 8000, channels: 1 });
    await writer.write(Float32Array.of(0.5));
    await writer.finish();
    const plain = await readFile(path);
    const odd = Buffer.from('LIST\u0003\u0000\u0000\u0000abc\u0000', 'latin1');
    await writeFile(path, Buffer.concat([plain.subarray(0, 36), odd, plain.subarray(36)]));

    expect([...(await readWav(path)).channels[0]!]).toEqual([0.5]);
  });

  it('are refused unless they are 16-bit PCM', async () => {
    const path = join(folder, 'other.wav');
    await writeFile(path, 'RIFF????WAVEnothing');

    await expect(readWav(path)).rejects.toMatchObject({ code: 'MEDIA_UNDECODABLE' });
  });
});
