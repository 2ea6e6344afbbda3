import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EncodedAudioChunk, Mp4Demuxer } from '@napi-rs/webcodecs';
import { createAlacDecoder } from '../../codecs/alac-decoder.ts';
import { decodePackets, isNative } from './decode-packets.ts';
import type { SoundBlock, SoundTrack } from './sound-block.ts';

/** Packets to read at a time. */
const PACKETS = 64;

/** A sound track. */
export interface PacketTrack {
  /** Missing if the codec is not supported. */
  sound?: SoundTrack;
  codec: string;
}

/**
 * Opens the sound tracks of a file with the demuxers of FFmpeg. `Mp4Demuxer` takes any container, in spite of its name.
 * They are harder to confuse than those of Mediabunny, which loop for ever in some damaged files.
 *
 * The caller checks the first bytes. FFmpeg would follow the addresses in a playlist.
 * @throws Error if FFmpeg cannot parse the file
 */
export async function openPacketFile(bytes: Uint8Array): Promise<PacketTrack[]> {
  const { demuxer } = await open(bytes, () => {});
  const tracks = demuxer.tracks.filter(({ trackType }) => trackType === 'audio');
  demuxer.close();
  return tracks.map(({ index, codec }) => {
    if (codec === 'alac') {
      return { codec, sound: () => decodeAlac(bytes, index) };
    }
    return isNative(codec) ? { codec, sound: () => decodeNatively(bytes, index) } : { codec };
  });
}

async function* decodeAlac(bytes: Uint8Array, track: number): AsyncGenerator<SoundBlock> {
  const { demuxer, packets } = await openPackets(bytes, track);
  const decoder = createAlacDecoder(demuxer.audioDecoderConfig?.description ?? new Uint8Array());
  for await (const chunk of packets) {
    const packet = new Uint8Array(chunk.byteLength);
    chunk.copyTo(packet);
    yield { sampleRateHz: decoder.sampleRateHz, channels: decoder.decode(packet) };
  }
}

async function* decodeNatively(bytes: Uint8Array, track: number): AsyncGenerator<SoundBlock> {
  const { demuxer, packets } = await openPackets(bytes, track);
  yield* decodePackets(demuxer.audioDecoderConfig!, packets);
}

async function openPackets(bytes: Uint8Array, track: number) {
  const queue: EncodedAudioChunk[] = [];
  const { demuxer, failure } = await open(bytes, (chunk) => queue.push(chunk));
  demuxer.selectAudioTrack(track);
  async function* packets() {
    try {
      while (demuxer.state !== 'ended' && !failure.reason) {
        await demuxer.demuxAsync(PACKETS);
        // The packets arrive in a later turn.
        await nextTurn();
        yield* queue.splice(0);
      }
    } finally {
      demuxer.close();
    }
  }
  return { demuxer, packets: packets() };
}

/** Damage at the end of a file is no failure: everything before it can be played. */
async function open(bytes: Uint8Array, onPacket: (chunk: EncodedAudioChunk) => void) {
  const failure: { reason?: Error } = {};
  const demuxer = new Mp4Demuxer({
    audioOutput: onPacket,
    error: (error: Error) => {
      failure.reason = error;
    },
  } as ConstructorParameters<typeof Mp4Demuxer>[0]);
  try {
    await demuxer.loadBuffer(bytes);
    return { demuxer, failure };
  } catch (error) {
    demuxer.close();
    throw error;
  }
}
