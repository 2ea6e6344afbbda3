import type { EncodedAudioChunk } from '@napi-rs/webcodecs';
import type { PacketDecoderConfig } from '../../codecs/packet-decoder.ts';
import { createVorbisDecoder } from '../../codecs/vorbis-decoder.ts';
import {
  AudioSampleSink,
  EncodedPacketSink,
  Input,
  type InputAudioTrack,
  MATROSKA,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  type Source,
  WAVE,
  WEBM,
} from '../../codecs/webcodecs.ts';
import { decodePackets, isNative, toBlock } from './decode-packets.ts';
import type { SoundBlock, SoundTrack } from './sound-block.ts';

const FORMATS = [WAVE, OGG, MP4, QTFF, WEBM, MATROSKA, MPEG_TS];

/** A sound track in a container that Mediabunny parses. */
export interface ContainerTrack {
  /** Missing if Mediabunny cannot decode it. */
  sound?: SoundTrack;
  /** The codec, as Mediabunny or the container names it. */
  codec: string;
  /** The encoded packets, for other decoders. */
  packets(): AsyncGenerator<Uint8Array>;
}

export interface Container extends Disposable {
  /** The main track first. */
  tracks: ContainerTrack[];
}

/** @throws Error of Mediabunny if the file is damaged or in no container that it parses */
export async function openContainer(source: Source): Promise<Container> {
  const input = new Input({ source, formats: FORMATS });
  try {
    const primary = await input.getPrimaryAudioTrack();
    const all = await input.getAudioTracks();
    const ordered = primary ? [primary, ...all.filter((track) => track !== primary)] : all;
    return {
      tracks: await Promise.all(ordered.map(toTrack)),
      [Symbol.dispose]: () => input.dispose(),
    };
  } catch (error) {
    input.dispose();
    throw error;
  }
}

async function toTrack(track: InputAudioTrack): Promise<ContainerTrack> {
  const codec = (await track.getCodec()) ?? String((await track.getInternalCodecId()) ?? 'unknown');
  return {
    codec,
    ...((await isDecodable(track)) && { sound: () => decodeTrack(track) }),
    async *packets() {
      for await (const packet of new EncodedPacketSink(track).packets()) {
        yield packet.data;
      }
    },
  };
}

async function isDecodable(track: InputAudioTrack): Promise<boolean> {
  const codec = (await track.getDecoderConfig())?.codec ?? '';
  return codec === 'vorbis' || isNative(codec) || (await track.canDecode());
}

async function* decodeTrack(track: InputAudioTrack): AsyncGenerator<SoundBlock> {
  // A negative start is padding by the encoder, which players skip.
  const startS = await track.getFirstTimestamp();
  let skip = -startS;
  for await (const { sampleRateHz, channels } of decodeWhole(track)) {
    const frames = Math.min(Math.max(0, Math.round(skip * sampleRateHz)), channels[0]!.length);
    skip -= frames / sampleRateHz;
    if (frames < channels[0]!.length) {
      yield { sampleRateHz, channels: channels.map((samples) => samples.subarray(frames)) };
    }
  }
}

async function* decodeWhole(track: InputAudioTrack): AsyncGenerator<SoundBlock> {
  const config = await track.getDecoderConfig();
  if (config && isNative(config.codec)) {
    yield* decodePackets(config as PacketDecoderConfig, chunksOf(track));
    return;
  }
  if (config?.codec === 'vorbis') {
    yield* decodeVorbis(config.description as Uint8Array, track);
    return;
  }
  for await (const sample of new AudioSampleSink(track).samples()) {
    using decoded = sample;
    yield toBlock(decoded);
  }
}

async function* decodeVorbis(description: Uint8Array, track: InputAudioTrack): AsyncGenerator<SoundBlock> {
  using decoder = await createVorbisDecoder(description);
  for await (const packet of new EncodedPacketSink(track).packets()) {
    const block = await decoder.decode(packet.data);
    if (block.channels[0]?.length) {
      yield block;
    }
  }
}

async function* chunksOf(track: InputAudioTrack): AsyncGenerator<EncodedAudioChunk> {
  for await (const packet of new EncodedPacketSink(track).packets()) {
    yield packet.toEncodedAudioChunk() as unknown as EncodedAudioChunk;
  }
}
