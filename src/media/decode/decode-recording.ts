import { PipelineError } from '../../errors.ts';
import {
  ADTS,
  type AudioSample,
  AudioSampleSink,
  FilePathSource,
  FLAC,
  Input,
  type InputAudioTrack,
  MATROSKA,
  MP3,
  MP4,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from '../encode/webcodecs.ts';
import { decodeOggFlac, isOggFlac } from './ogg-flac.ts';
import { findOggEnd } from './ogg-pages.ts';

/** Successive sound: one array a channel, all of the same length, -1 to 1. */
export interface SoundBlock {
  sampleRateHz: number;
  channels: Float32Array[];
}

export interface Recording {
  /** What the container says, which may be wrong; undefined where it says nothing. */
  announcedS: number | undefined;
  blocks(): AsyncGenerator<SoundBlock>;
  [Symbol.dispose](): void;
}

const FORMATS = [WAVE, MP3, MP4, QTFF, ADTS, FLAC, OGG, WEBM, MATROSKA];

/**
 * Opens the first sound of a recording or a video, to be decoded piece by piece. Errors of damaged files are those of the
 * libraries.
 * @throws PipelineError AUDIO_MISSING where there is no sound in it, MEDIA_UNSUPPORTED where its codec is not decoded.
 */
export async function openRecording(path: string): Promise<Recording> {
  if (await isOggFlac(path)) {
    return { announcedS: undefined, blocks: () => decodeOggFlac(path), [Symbol.dispose]() {} };
  }
  const oggEnd = await findOggEnd(path);
  const file = new FilePathSource(path);
  const input = new Input({
    source: oggEnd === undefined ? file : file.slice(0, oggEnd),
    formats: FORMATS,
  });
  try {
    const track = await findSound(input);
    return {
      announcedS: (await track.getDurationFromMetadata()) ?? undefined,
      blocks: () => decodeTrack(track),
      [Symbol.dispose]: () => input.dispose(),
    };
  } catch (error) {
    input.dispose();
    throw error;
  }
}

async function findSound(input: Input): Promise<InputAudioTrack> {
  const track = await input.getPrimaryAudioTrack();
  if (!track) {
    throw new PipelineError(
      'AUDIO_MISSING',
      'Expected a recording with sound and received a file without any. Send one with a voice in it.',
    );
  }
  if (!(await track.canDecode())) {
    const codec =
      (await track.getCodec()) ?? String((await track.getInternalCodecId()) ?? 'an unknown codec');
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a recording as PCM, MP3, AAC, FLAC, Vorbis or Opus and received ${codec}. Save it as WAV or MP3 and send that.`,
      { details: { codec } },
    );
  }
  return track;
}

async function* decodeTrack(track: InputAudioTrack): AsyncGenerator<SoundBlock> {
  // A negative start is what the encoder put in front of the sound: players skip it.
  const startS = await track.getFirstTimestamp();
  let skip = Math.max(0, Math.round(-startS * (await track.getSampleRate())));
  for await (const sample of new AudioSampleSink(track).samples()) {
    using decoded = sample;
    const skipped = Math.min(skip, decoded.numberOfFrames);
    skip -= skipped;
    if (skipped < decoded.numberOfFrames) {
      yield { sampleRateHz: decoded.sampleRate, channels: toChannels(decoded, skipped) };
    }
  }
}

function toChannels(sample: AudioSample, skipped: number): Float32Array[] {
  return Array.from({ length: sample.numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(sample.numberOfFrames - skipped);
    sample.copyTo(samples, { planeIndex, format: 'f32-planar', frameOffset: skipped });
    return samples;
  });
}
