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

export interface TalkWriterOptions {
  widthPx: number;
  heightPx: number;
  framesPerS: number;
  /** Of WebM, frames are I420A. */
  format?: VideoFormat;
  /** In all. */
  frames: number;
  voice: WavReader;
  /** An empty folder for the parts, or one with the parts of the same talk whose process died. */
  partsFolder: string;
  /** Whether the file says that a machine made it. */
  provenance: boolean;
}

export interface TalkWriter {
  /** The first frame that is still to be added: 0, or the one behind the parts that were found. */
  nextFrame: number;
  /** The next frame, I420 in bt709, or I420A for WebM, tightly packed. */
  addFrame(planes: Uint8Array): Promise<void>;
  /** Writes the whole talk, its index in front. */
  finish(path: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Frames from one keyframe to the next: two seconds at 25. */
export const GROUP_FRAMES = 50;
const WHOLE = 'whole';
/** At a time, of a file that is read or written: by itself Mediabunny keeps 8 and 16 MB. */
const KEPT_BYTES = 1 << 20;

/**
 * Encodes a talk group by group into the parts of a fragmented file, and in the end copies their packets into one file
 * with its index. Memory does not grow with the talk, but for 8 KB of sound a second.
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

  // Hardware knows no alpha.
  const chosen = format.name === 'mp4' ? await choose(options) : undefined;
  // What an earlier attempt has made is written again, packet by packet: the parts are the same.
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
    source: new FilePathSource(path, { maxCacheSize: KEPT_BYTES }),
    formats: [container],
  });
  const track = (await input.getPrimaryVideoTrack())!;
  const groups: EncodedPacket[][] = [];
  const decoderConfig = (await track.getDecoderConfig())!;
  const isSameSize = (await track.getCodedWidth()) === widthPx && (await track.getCodedHeight()) === heightPx;
  const isSameEncoder = !description || Buffer.compare(description, toBytes(decoderConfig.description)) === 0;
  // Made with other settings, or by another encoder, whose frames one file cannot hold beside these: it is made anew.
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

/** The packets of the parts in one file; the index of an MP4, of a size that is known before, stands in front. */
async function copyWhole(
  from: string,
  to: string,
  voice: VoicePackets,
  format: TalkFormat,
  { frames, framesPerS, provenance }: { frames: number; framesPerS: number; provenance: boolean },
): Promise<void> {
  using input = new Input({
    source: new FilePathSource(from, { maxCacheSize: KEPT_BYTES }),
    formats: [format.container],
  });
  const track = (await input.getPrimaryVideoTrack())!;
  const meta = { decoderConfig: (await track.getDecoderConfig())! };
  const output = new Output({
    format: format.whole(),
    target: new FilePathTarget(to, { chunkSize: KEPT_BYTES }),
  });
  const pictures = new EncodedVideoPacketSource(format.pictures);
  const sound = new EncodedAudioPacketSource(format.sound);
  output.addVideoTrack(pictures, { frameRate: framesPerS, maximumPacketCount: frames });
  output.addAudioTrack(sound, { maximumPacketCount: voice.packets.length });
  if (provenance && format.name === 'webm') {
    output.setMetadataTags(describeProvenance());
  }
  await output.start();
  let heard = 0;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    await pictures.add(packet, meta);
    for (; (voice.packets[heard]?.timestamp ?? Infinity) < packet.timestamp; heard += 1) {
      await sound.add(voice.packets[heard]!, voice.meta);
    }
  }
  for (; heard < voice.packets.length; heard += 1) {
    await sound.add(voice.packets[heard]!, voice.meta);
  }
  await output.finalize();
}
