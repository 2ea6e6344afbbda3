import {
  type AudioSample,
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
    ...((await track.canDecode()) && { sound: () => decodeTrack(track) }),
    async *packets() {
      for await (const packet of new EncodedPacketSink(track).packets()) {
        yield packet.data;
      }
    },
  };
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
      yield toBlock(decoded, skipped);
    }
  }
}

/** @param skipped frames to leave out at the start */
export function toBlock(sample: AudioSample, skipped = 0): SoundBlock {
  const channels = Array.from({ length: sample.numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(sample.numberOfFrames - skipped);
    sample.copyTo(samples, { planeIndex, format: 'f32-planar', frameOffset: skipped });
    return samples;
  });
  return { sampleRateHz: sample.sampleRate, channels };
}
