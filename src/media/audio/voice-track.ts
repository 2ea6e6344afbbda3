import { PipelineError } from '../../errors.ts';
import { downmix } from './downmix.ts';
import { createResampler, type Resampler } from './resampler.ts';
import { createSoundLevels, type SoundLevels } from './sound-levels.ts';
import { createWavWriter } from './wav.ts';

/** Rates that AAC supports, so that no later step converts again. Others become OTHER_RATE_HZ. */
const KEPT_RATES_HZ: ReadonlySet<number> = new Set([
  8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
]);
const OTHER_RATE_HZ = 48_000;
/** All recorders are within this range. Conversion from other rates would take too much memory. */
const RATES_HZ = [1000, 768_000] as const;

/** Changes that can be chosen only after the whole recording was measured. */
export interface Correction {
  /** Factor of the loudness. */
  gain: number;
  /** Whether the second channel is inverted, because it is the opposite of the first. */
  isInverted: boolean;
}

export interface VoiceTrack {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Duration written so far. */
  durationS(): number;
  levels(): SoundLevels;
  /** The rate and the number of channels may change, as in joined Ogg files. */
  add(block: { sampleRateHz: number; channels: Float32Array[] }): Promise<void>;
  finish(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Writes decoded sound of any rate and any number of channels as a WAV file with one or two. */
export async function createVoiceTrack(
  wavPath: string,
  source: { sampleRateHz: number; channels: number },
  correction: Correction = { gain: 1, isInverted: false },
): Promise<VoiceTrack> {
  requireRate(source.sampleRateHz);
  const sampleRateHz = KEPT_RATES_HZ.has(source.sampleRateHz) ? source.sampleRateHz : OTHER_RATE_HZ;
  const count = downmix(Array.from({ length: source.channels }, () => new Float32Array())).length;
  const wav = await createWavWriter(wavPath, { sampleRateHz, channels: count });
  const levels = createSoundLevels(count);
  let fromHz = source.sampleRateHz;
  let resamplers = openResamplers(fromHz, sampleRateHz, count);
  let frames = 0;

  const write = async (channels: Float32Array[]) => {
    frames += channels[0]!.length;
    correct(channels, correction);
    await wav.write(interleave(channels));
  };
  const end = async () => {
    if (resamplers) {
      await write(resamplers.map((resampler) => resampler.end()));
    }
  };
  return {
    sampleRateHz,
    channels: count,
    durationS: () => frames / sampleRateHz,
    levels: levels.read,
    async add(block) {
      if (block.sampleRateHz !== fromHz) {
        requireRate(block.sampleRateHz);
        await end();
        fromHz = block.sampleRateHz;
        resamplers = openResamplers(fromHz, sampleRateHz, count);
      }
      const channels = fitChannels(downmix(block.channels), count).map(toFinite);
      levels.add(channels);
      await write(resamplers ? resamplers.map((resampler, i) => resampler.push(channels[i]!)) : channels);
    },
    async finish() {
      await end();
      await wav.finish();
    },
    [Symbol.asyncDispose]: () => wav[Symbol.asyncDispose](),
  };
}

function openResamplers(fromHz: number, toHz: number, count: number): Resampler[] | undefined {
  return fromHz === toHz ? undefined : Array.from({ length: count }, () => createResampler(fromHz, toHz));
}

function requireRate(hz: number): void {
  if (!Number.isInteger(hz) || hz < RATES_HZ[0] || hz > RATES_HZ[1]) {
    throw new PipelineError(
      'MEDIA_UNDECODABLE',
      `Expected a sample rate from ${RATES_HZ[0]} to ${RATES_HZ[1]} Hz for audio, but the file says ${hz}. Save it again as WAV or MP3 and send that.`,
      { details: { field: 'audio' } },
    );
  }
}

/** Damaged floating-point files contain NaN and infinity, which would silence the rest of the recording. */
function toFinite(samples: Float32Array): Float32Array {
  let sum = 0;
  for (let index = 0; index < samples.length; index++) {
    sum += samples[index]!;
  }
  return Number.isFinite(sum) ? samples : samples.map((value) => (Number.isFinite(value) ? value : 0));
}

/** MP3 and AAC may switch between mono and stereo within a file, and so do chained Ogg streams. */
function fitChannels(channels: Float32Array[], count: number): Float32Array[] {
  if (channels.length === count) {
    return channels;
  }
  const [left, right] = channels as [Float32Array, Float32Array];
  if (count === 2) {
    return [left, left.slice()];
  }
  // Opposite channels would cancel each other.
  const sign = left.reduce((sum, sample, index) => sum + sample * right[index]!, 0) < 0 ? -1 : 1;
  return [left.map((sample, index) => (sample + sign * right[index]!) / 2)];
}

function correct(channels: Float32Array[], { gain, isInverted }: Correction): void {
  channels.forEach((samples, channel) => {
    const factor = isInverted && channel === 1 ? -gain : gain;
    if (factor !== 1) {
      for (let index = 0; index < samples.length; index++) {
        samples[index]! *= factor;
      }
    }
  });
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
