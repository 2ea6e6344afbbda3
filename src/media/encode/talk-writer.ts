import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VideoFormat } from '../../contracts/video-format.ts';
import type { WavReader } from '../audio/wav.ts';
import {
  EncodedAudioPacketSource,
  type EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathSource,
  FilePathTarget,
  Input,
  Output,
} from '../codecs/webcodecs.ts';
import { chooseEncoder } from './choose-encoder.ts';
import { createFrameEncoder, type FrameEncoder } from './frame-encoder.ts';
import { describeProvenance, provenanceBox } from './provenance.ts';
import { TALK_FORMATS, type TalkFormat } from './talk-format.ts';
import { createPartWriter, joinParts, type PartWriter } from './talk-parts.ts';
import { encodeVoice, type VoicePackets } from './voice-packets.ts';

interface TalkWriterOptions {
  widthPx: number;
  heightPx: number;
  framesPerS: number;
  /** Default: MP4. Frames for WebM are I420A. */
  format?: VideoFormat;
  /** Total number of frames. */
  frames: number;
  voice: WavReader;
  /** A folder for the parts, either empty or with those of an earlier attempt at the same talk. */
  partsFolder: string;
  /** Whether the file's metadata declares that the video is AI-generated. */
  provenance: boolean;
}

export interface TalkWriter {
  /** The first frame to add: 0, or the one after the parts that were found. */
  nextFrame: number;
  /** @param planes the next frame: I420 in bt709, or I420A for WebM, tightly packed */
  addFrame(planes: Uint8Array): Promise<void>;
  /** Writes the whole talk to a file. */
  finish(path: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Frames from one keyframe to the next: two seconds at 25. */
export const GROUP_FRAMES = 50;
const WHOLE = 'whole';
/** Buffer for reading or writing a file. Mediabunny's defaults are 8 and 16 MB. */
const BUFFER_BYTES = 1 << 20;

/**
 * Encodes a talk group by group into the parts of a fragmented file, and finally copies their packets into one file
 * with its index. Memory does not grow with the talk, except for 8 KB of sound per second.
 */
export async function createTalkWriter(
  options: TalkWriterOptions,
  choose: typeof chooseEncoder = chooseEncoder,
): Promise<TalkWriter> {
  const { partsFolder, frames, framesPerS } = options;
  const format = TALK_FORMATS[options.format ?? 'mp4'];
  const voice = await encodeVoice(options.voice, format.sound);
  const whole = join(partsFolder, WHOLE);
  const encoded: EncodedPacket[] = [];
  let meta: EncodedVideoChunkMetadata | undefined;
  let parts: PartWriter | undefined;
  let frame = 0;

  async function add(packets: EncodedPacket[]): Promise<void> {
    if (packets.length > 0) {
      parts ??= await createPartWriter(partsFolder, format, voice, {
        meta: meta!,
        framesPerS,
        groupS: GROUP_FRAMES / framesPerS,
      });
      await parts.add(packets);
    }
  }

  // Hardware encoders have no alpha.
  const chosen = format.name === 'mp4' ? await choose(options) : undefined;
  // Packets of an earlier attempt are written again, which results in the same parts.
  if (await joinParts(partsFolder, whole, format.name)) {
    const found = await readGroups(whole, format, options, chosen?.description);
    meta = found.meta;
    for (const packets of found.groups) {
      await add(packets);
      frame += packets.length;
    }
  }

  const encoder: FrameEncoder = createFrameEncoder({
    ...options,
    hasAlpha: format.name === 'webm',
    ...(chosen && { acceleration: chosen.acceleration }),
    onPacket(packet, itsMeta) {
      meta ??= itsMeta;
      encoded.push(packet);
    },
  });
  return {
    nextFrame: frame,
    async addFrame(planes) {
      await encoder.encode(planes, frame, frame % GROUP_FRAMES === 0);
      frame += 1;
      await add(encoded.splice(0));
    },
    async finish(path) {
      await encoder.flush();
      await add(encoded.splice(0));
      await parts!.finish();
      await joinParts(partsFolder, whole, format.name);
      await copyWhole(whole, path, voice, format, { ...options, frames });
      if (options.provenance && format.name === 'mp4') {
        await appendFile(path, provenanceBox());
      }
      await rm(whole);
    },
    async [Symbol.asyncDispose]() {
      encoder.close();
    },
  };
}

async function readGroups(
  path: string,
  { container }: TalkFormat,
  { widthPx, heightPx }: TalkWriterOptions,
  description: Uint8Array | undefined,
): Promise<{ groups: EncodedPacket[][]; meta: EncodedVideoChunkMetadata | undefined }> {
  using input = new Input({
    source: new FilePathSource(path, { maxCacheSize: BUFFER_BYTES }),
    formats: [container],
  });
  const track = (await input.getPrimaryVideoTrack())!;
  const groups: EncodedPacket[][] = [];
  const decoderConfig = (await track.getDecoderConfig())!;
  const isSameSize = (await track.getCodedWidth()) === widthPx && (await track.getCodedHeight()) === heightPx;
  const isSameEncoder = !description || Buffer.compare(description, toBytes(decoderConfig.description)) === 0;
  // Made with other settings or by another encoder: one file cannot contain both kinds of frames, so start over.
  if (!isSameSize || !isSameEncoder) {
    return { groups, meta: undefined };
  }
  for await (const packet of new EncodedPacketSink(track).packets()) {
    if (packet.type === 'key') {
      groups.push([]);
    }
    groups.at(-1)!.push(packet);
  }
  return { groups: groups.filter(({ length }) => length === GROUP_FRAMES), meta: { decoderConfig } };
}

function toBytes(source: unknown): Uint8Array {
  return source instanceof Uint8Array ? source : new Uint8Array(source as ArrayBuffer);
}

/** Copies the packets of the parts into one file. The size of an MP4's index is known, so it goes in front. */
async function copyWhole(
  from: string,
  to: string,
  voice: VoicePackets,
  format: TalkFormat,
  { frames, framesPerS, provenance }: { frames: number; framesPerS: number; provenance: boolean },
): Promise<void> {
  using input = new Input({
    source: new FilePathSource(from, { maxCacheSize: BUFFER_BYTES }),
    formats: [format.container],
  });
  const track = (await input.getPrimaryVideoTrack())!;
  const meta = { decoderConfig: (await track.getDecoderConfig())! };
  const output = new Output({
    format: format.whole(),
    target: new FilePathTarget(to, { chunkSize: BUFFER_BYTES }),
  });
  const pictures = new EncodedVideoPacketSource(format.pictures);
  const sound = new EncodedAudioPacketSource(format.sound);
  output.addVideoTrack(pictures, { frameRate: framesPerS, maximumPacketCount: frames });
  output.addAudioTrack(sound, { maximumPacketCount: voice.packets.length });
  if (provenance && format.name === 'webm') {
    output.setMetadataTags(describeProvenance());
  }
  await output.start();
  let soundPackets = 0;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    await pictures.add(packet, meta);
    for (; (voice.packets[soundPackets]?.timestamp ?? Infinity) < packet.timestamp; soundPackets += 1) {
      await sound.add(voice.packets[soundPackets]!, voice.meta);
    }
  }
  for (; soundPackets < voice.packets.length; soundPackets += 1) {
    await sound.add(voice.packets[soundPackets]!, voice.meta);
  }
  await output.finalize();
}
