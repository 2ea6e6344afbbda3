import { Mp4Demuxer } from '@napi-rs/webcodecs';
import { createAlacDecoder } from '../../codecs/alac-decoder.ts';
import { decodePackets, isNative } from './decode-packets.ts';
import type { SoundBlock, SoundTrack } from './sound-block.ts';

/** A sound track. */
export interface PacketTrack {
  /** Missing if the codec is not supported. */
  sound?: SoundTrack;
  codec: string;
}

/**
 * Opens the sound tracks of a file with the demuxers of FFmpeg. `Mp4Demuxer` takes any container, in spite of its name.
 * In some damaged files the demuxers of Mediabunny never end.
 *
 * The caller checks the first bytes. FFmpeg would follow the addresses in a playlist.
 * @throws Error if FFmpeg cannot parse the file
 */
export async function openPacketFile(bytes: Uint8Array): Promise<PacketTrack[]> {
  const demuxer = await open(bytes);
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
  const demuxer = await open(bytes);
  demuxer.selectAudioTrack(track);
  // Packets that are given to the callback may arrive after the demuxer has ended.
  async function* packets() {
    try {
      for await (const { audioChunk } of demuxer) {
        if (audioChunk) yield audioChunk;
      }
    } catch {
      // Damage at the end of a file is no failure: everything before it can be played.
    } finally {
      demuxer.close();
    }
  }
  return { demuxer, packets: packets() };
}

async function open(bytes: Uint8Array): Promise<Mp4Demuxer> {
  const demuxer = new Mp4Demuxer({
    // Packets are read by its iterator, which also reports errors.
    audioOutput: () => {},
    error: () => {},
  } as ConstructorParameters<typeof Mp4Demuxer>[0]);
  try {
    await demuxer.loadBuffer(bytes);
    return demuxer;
  } catch (error) {
    demuxer.close();
    throw error;
  }
}
