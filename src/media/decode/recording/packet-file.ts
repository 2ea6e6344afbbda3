import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EncodedAudioChunk, Mp4Demuxer } from '@napi-rs/webcodecs';
import { createAlacDecoder } from '../../codecs/alac-decoder.ts';
import { PacketDecoder } from '../../codecs/packet-decoder.ts';
import type { AudioSample } from '../../codecs/webcodecs.ts';
import { toBlock } from './mediabunny-tracks.ts';
import type { SoundBlock, SoundTrack } from './sound-block.ts';

/** Packets to read at a time. */
const PACKETS = 64;

export interface PacketFile {
  /** Missing if the codec is not supported. */
  sound?: SoundTrack;
  codec: string;
}

/**
 * Opens the first sound track of a file with the demuxers of FFmpeg, for containers that Mediabunny does not parse, or
 * not in full. `Mp4Demuxer` takes any container, in spite of its name.
 *
 * The caller checks the first bytes. FFmpeg would follow the addresses in a playlist.
 * @throws Error if FFmpeg cannot parse the file
 */
export async function openPacketFile(bytes: Uint8Array): Promise<PacketFile> {
  const { demuxer } = await open(bytes, () => {});
  const config = demuxer.audioDecoderConfig;
  demuxer.close();
  const codec = config?.codec ?? 'none';
  if (codec === 'alac') {
    return { codec, sound: () => decodeAlac(bytes) };
  }
  return /^(mp4a|mp3|flac|opus)/.test(codec) ? { codec, sound: () => decodeNatively(bytes) } : { codec };
}

async function* decodeAlac(bytes: Uint8Array): AsyncGenerator<SoundBlock> {
  const { demuxer, packets } = await openPackets(bytes);
  const decoder = createAlacDecoder(demuxer.audioDecoderConfig?.description ?? new Uint8Array());
  for await (const chunk of packets) {
    const packet = new Uint8Array(chunk.byteLength);
    chunk.copyTo(packet);
    yield { sampleRateHz: decoder.sampleRateHz, channels: decoder.decode(packet) };
  }
}

async function* decodeNatively(bytes: Uint8Array): AsyncGenerator<SoundBlock> {
  const { demuxer, packets } = await openPackets(bytes);
  const decoded: AudioSample[] = [];
  const decoder = new PacketDecoder(demuxer.audioDecoderConfig!, (sample) => decoded.push(sample));
  const take = () =>
    decoded.splice(0).map((sample) => {
      using used = sample;
      return toBlock(used);
    });
  try {
    for await (const chunk of packets) {
      await decoder.decode(chunk);
      yield* take();
    }
    await decoder.flush();
    yield* take();
  } finally {
    decoder.close();
  }
}

async function openPackets(bytes: Uint8Array) {
  const queue: EncodedAudioChunk[] = [];
  const { demuxer, failure } = await open(bytes, (chunk) => queue.push(chunk));
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
