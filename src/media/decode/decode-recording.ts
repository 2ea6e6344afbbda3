import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { FLACDecoder } from '@wasm-audio-decoders/flac';
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
} from '../codecs/webcodecs.ts';

/** Consecutive sound: one array per channel, all of the same length, -1 to 1. */
interface SoundBlock {
  sampleRateHz: number;
  channels: Float32Array[];
}

export interface Recording {
  /** Duration according to the container, which may be wrong. Undefined if there is none. */
  announcedS: number | undefined;
  blocks(): AsyncGenerator<SoundBlock>;
  [Symbol.dispose](): void;
}

const FORMATS = [WAVE, MP3, MP4, QTFF, ADTS, FLAC, OGG, WEBM, MATROSKA];

/**
 * Opens the first sound track of a recording or a video, to decode it piece by piece. Damaged files throw the errors of
 * the libraries.
 * @throws PipelineError AUDIO_MISSING if there is no sound; MEDIA_UNSUPPORTED if the codec is not supported
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
      'Expected a recording with sound, but received a file without any. Send a recording of a voice.',
    );
  }
  if (!(await track.canDecode())) {
    const codec =
      (await track.getCodec()) ?? String((await track.getInternalCodecId()) ?? 'an unknown codec');
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a recording as PCM, MP3, AAC, FLAC, Vorbis or Opus, but received ${codec}. Save it as WAV or MP3 and send that.`,
      { details: { codec } },
    );
  }
  return track;
}

async function* decodeTrack(track: InputAudioTrack): AsyncGenerator<SoundBlock> {
  // A negative start is padding by the encoder, which players skip.
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

/** Largest possible page: a header of 27 bytes, 255 lengths, and 255 segments of 255 bytes. */
const MAX_PAGE_BYTES = 27 + 255 + 255 * 255;

/**
 * Finds the end of the last complete page of an Ogg file, which may be truncated. RFC 3533, section 6.
 * @returns undefined for other kinds of files
 */
async function findOggEnd(path: string): Promise<number | undefined> {
  await using file = await open(path);
  const { size } = await file.stat();
  const head = Buffer.alloc(4);
  await file.read(head, 0, 4, 0);
  if (head.toString('latin1') !== 'OggS') {
    return undefined;
  }
  const tailAt = Math.max(0, size - MAX_PAGE_BYTES);
  const tail = Buffer.alloc(size - tailAt);
  await file.read(tail, 0, tail.length, tailAt);
  const page = tail.lastIndexOf('OggS');
  const isWhole = page < 0 || page + toPageBytes(tail.subarray(page)) <= tail.length;
  return isWhole ? size : tailAt + page;
}

/** @returns infinity if even the header is truncated */
function toPageBytes(page: Buffer): number {
  const segments = page[26] ?? Number.POSITIVE_INFINITY;
  const lengths = page.subarray(27, 27 + segments);
  return lengths.length < segments
    ? Number.POSITIVE_INFINITY
    : 27 + segments + lengths.reduce((sum, length) => sum + length, 0);
}

/** The first packet of an Ogg stream follows 27 bytes of page header and one of segment table. */
const SIGNATURE_AT = 28;
const SIGNATURE = Buffer.from('\x7fFLAC', 'latin1');

/** Whether a file is FLAC in Ogg, which Mediabunny does not parse. @see https://xiph.org/flac/ogg_mapping.html */
async function isOggFlac(path: string): Promise<boolean> {
  await using file = await open(path);
  const head = Buffer.alloc(SIGNATURE_AT + SIGNATURE.length);
  await file.read(head, 0, head.length, 0);
  return head.toString('latin1', 0, 4) === 'OggS' && head.subarray(SIGNATURE_AT).equals(SIGNATURE);
}

async function* decodeOggFlac(path: string): AsyncGenerator<SoundBlock> {
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    for await (const bytes of createReadStream(path)) {
      yield* toBlock(await decoder.decode(bytes));
    }
    yield* toBlock(await decoder.flush());
  } finally {
    decoder.free();
  }
}

function* toBlock(decoded: Awaited<ReturnType<FLACDecoder['decode']>>): Generator<SoundBlock> {
  if (decoded.errors.length > 0) {
    throw new Error(decoded.errors[0]!.message);
  }
  if (decoded.samplesDecoded > 0) {
    yield { sampleRateHz: decoded.sampleRate, channels: decoded.channelData };
  }
}
