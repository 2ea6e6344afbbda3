import { readFile } from 'node:fs/promises';
import { decoder as createAiffDecoder } from '@audio/decode-aiff';
import { decoder as createAmrDecoder } from '@audio/decode-amr';
import { decoder as createCafDecoder } from '@audio/decode-caf';
import { decoder as createWmaDecoder } from '@audio/decode-wma';
import { detectMediaType } from '../../../contracts/media-types.ts';
import { afterId3Tags, findMpegAudio } from '../../../contracts/mpeg-audio.ts';
import { PipelineError } from '../../../errors.ts';
import { FilePathSource } from '../../codecs/webcodecs.ts';
import { readHead } from '../media-type.ts';
import { decodePieces } from './codec-file.ts';
import { type ContainerTrack, openContainer } from './mediabunny-tracks.ts';
import { openOggFile } from './ogg-file.ts';
import { openPacketFile } from './packet-file.ts';
import type { SoundTrack } from './sound-block.ts';
import { openWaveFile } from './wave-file.ts';

export interface Recording extends Disposable {
  /** The main track first. */
  tracks: SoundTrack[];
}

/** One track, or the codec that keeps it from being decoded; `none` if there is no sound. */
type Opened = { sound?: SoundTrack; codec?: string };

/** Bytes to decode at a time. */
const PIECE_BYTES = 64 * 1024;
/** What the file of another codec would start with, for its decoder. */
const AMR_MAGIC: Record<string, string> = { samr: '#!AMR\n', sawb: '#!AMR-WB\n' };

/** Common names of codecs that are not supported. */
const CODEC_NAMES: Record<string, string> = { eac3: 'E-AC-3', dts: 'DTS', qclp: 'QCELP', sevc: 'EVRC' };

/**
 * Opens a recording or a video, to decode its sound piece by piece. Uploads are small enough (50 MB) to be held in memory;
 * only videos are read from their file.
 * @throws PipelineError AUDIO_MISSING if there is no sound; MEDIA_UNSUPPORTED if its codec is not supported
 * @throws Error of the libraries if the file is damaged
 */
export async function openRecording(path: string): Promise<Recording> {
  const format = detectMediaType(await readHead(path))?.format;
  const opener = format && OPENERS[format];
  if (!opener) {
    return openVideo(path, format);
  }
  return chooseDecodable([await opener(await readFile(path))].flat());
}

function chooseDecodable(opened: Opened[], dispose = () => {}): Recording {
  const tracks = opened.flatMap(({ sound }) => sound ?? []);
  if (tracks.length === 0) {
    throw undecodable(opened[0]?.codec);
  }
  return { tracks, [Symbol.dispose]: dispose };
}

type Opener = (bytes: Uint8Array) => Opened | Opened[] | Promise<Opened | Opened[]>;

const OPENERS: Record<string, Opener> = {
  wav: openWaveFile,
  ogg: openOggFile,
  aiff: (bytes) => ({ sound: decodePieces(createAiffDecoder, () => [bytes]) }),
  amr: (bytes) => ({ sound: decodePieces(createAmrDecoder, () => toPieces(bytes)) }),
  wma: (bytes) => ({ sound: decodePieces(createWmaDecoder, () => [bytes]) }),
  caf: openCaf,
  flv: openPacketFile,
  flac: openStream,
  mp3: openStream,
  aac: openStream,
};

/** MP3, AAC and FLAC without a container, which may follow tags or the rest of a frame that is cut off. */
function openStream(bytes: Uint8Array): Promise<Opened[]> {
  const stream = bytes.subarray(afterId3Tags(bytes));
  if (detectMediaType(stream)?.format === 'flac') {
    return openPacketFile(stream);
  }
  const found = findMpegAudio(stream);
  if (!found) {
    throw new Error('The file has no frames of MP3 or AAC.');
  }
  return openPacketFile(stream.subarray(found.at));
}

function openCaf(bytes: Uint8Array): Opened | Promise<Opened[]> {
  const codec = Buffer.from(bytes.subarray(0, PIECE_BYTES))
    .toString('latin1')
    .match(/desc.{16}(.{4})/s)?.[1];
  return codec && ['lpcm', 'ima4'].includes(codec)
    ? { sound: decodePieces(createCafDecoder, () => toPieces(bytes)) }
    : openPacketFile(bytes);
}

function* toPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}

async function openVideo(path: string, format: string | undefined): Promise<Recording> {
  if (format === 'webm' || format === 'matroska') {
    const tracks = await openPacketFile(await readFile(path));
    // Of Vorbis and PCM, FFmpeg does not hand out what their decoders need.
    if (tracks.some(({ sound }) => sound)) {
      return chooseDecodable(tracks);
    }
  }
  const container = await openContainer(new FilePathSource(path));
  try {
    const opened = await Promise.all(container.tracks.map((track) => openTrack(track, path)));
    return chooseDecodable(opened.flat(), () => container[Symbol.dispose]());
  } catch (error) {
    container[Symbol.dispose]();
    throw error;
  }
}

async function openTrack(
  { sound, codec, packets }: ContainerTrack,
  path: string,
): Promise<Opened | Opened[]> {
  const magic = AMR_MAGIC[codec];
  if (magic) {
    return {
      sound: decodePieces(createAmrDecoder, async function* () {
        yield Buffer.from(magic, 'latin1');
        yield* packets();
      }),
    };
  }
  return codec === 'alac' ? openPacketFile(await readFile(path)) : { ...(sound && { sound }), codec };
}

function undecodable(codec = 'none'): PipelineError {
  if (codec === 'none') {
    return new PipelineError(
      'AUDIO_MISSING',
      'Expected a recording with sound, but received a file without any. Send a recording of a voice.',
    );
  }
  const name = CODEC_NAMES[codec.toLowerCase()] ?? codec;
  return new PipelineError(
    'MEDIA_UNSUPPORTED',
    `Expected sound as PCM, ADPCM, MP3, AAC, ALAC, FLAC, Vorbis, Opus, AMR or WMA, but received ${name}. Set the app or recorder that made it to M4A (AAC), MP3 or WAV, or convert the file, and send that.`,
    { details: { codec: name } },
  );
}
