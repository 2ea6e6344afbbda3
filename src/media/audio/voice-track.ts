import { downmix } from './downmix.ts';
import { createResampler } from './resampler.ts';
import { createWavWriter } from './wav.ts';

/** Rates that AAC supports, so that no later step converts again. Others become OTHER_RATE_HZ. */
const KEPT_RATES_HZ: ReadonlySet<number> = new Set([
  8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
]);
const OTHER_RATE_HZ = 48_000;

export interface VoiceTrack {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Duration written so far. */
  durationS(): number;
  /** Loudest sample so far, 1 is full scale. */
  peak(): number;
  /** @throws Error if the sample rate changes, which no decoder does for an intact file */
  add(block: { sampleRateHz: number; channels: Float32Array[] }): Promise<void>;
  finish(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Writes decoded sound of any rate and any number of channels as a WAV file with one or two. */
export async function createVoiceTrack(
  wavPath: string,
  source: { sampleRateHz: number; channels: number },
): Promise<VoiceTrack> {
  const sampleRateHz = KEPT_RATES_HZ.has(source.sampleRateHz) ? source.sampleRateHz : OTHER_RATE_HZ;
  const count = downmix(Array.from({ length: source.channels }, () => new Float32Array())).length;
  const wav = await createWavWriter(wavPath, { sampleRateHz, channels: count });
  const resamplers =
    sampleRateHz === source.sampleRateHz
      ? undefined
      : Array.from({ length: count }, () => createResampler(source.sampleRateHz, sampleRateHz));
  let frames = 0;
  let peak = 0;

  const write = async (channels: Float32Array[]) => {
    const interleaved = interleave(channels);
    frames += channels[0]!.length;
    peak = findPeak(interleaved, peak);
    await wav.write(interleaved);
  };
  return {
    sampleRateHz,
    channels: count,
    durationS: () => frames / sampleRateHz,
    peak: () => peak,
    async add(block) {
      if (block.sampleRateHz !== source.sampleRateHz) {
        throw new Error(`The sample rate changes from ${source.sampleRateHz} to ${block.sampleRateHz} Hz.`);
      }
      const channels = fitChannels(downmix(block.channels), count);
      await write(resamplers ? resamplers.map((resampler, i) => resampler.push(channels[i]!)) : channels);
    },
    async finish() {
      if (resamplers) {
        await write(resamplers.map((resampler) => resampler.end()));
      }
      await wav.finish();
    },
    [Symbol.asyncDispose]: () => wav[Symbol.asyncDispose](),
  };
}

/** MP3 and AAC may switch between mono and stereo within a file. */
function fitChannels(channels: Float32Array[], count: number): Float32Array[] {
  if (channels.length === count) {
    return channels;
  }
  const [left, right] = channels;
  return count === 2 ? [left!, left!] : [left!.map((sample, index) => (sample + right![index]!) / 2)];
}

function interleave(channels: Float32Array[]): Float32Array {
  if (channels.length === 1) {
    return channels[0]!;
  }
  const [left, right] = channels;
  const interleaved = new Float32Array(left!.length * 2);
  for (let index = 0; index < left!.length; index++) {
    interleaved[index * 2] = left![index]!;
    interleaved[index * 2 + 1] = right![index]!;
  }
  return interleaved;
}

function findPeak(samples: Float32Array, atLeast: number): number {
  let peak = atLeast;
  for (const sample of samples) {
    peak = Math.max(peak, Math.abs(sample));
  }
  return peak;
}
