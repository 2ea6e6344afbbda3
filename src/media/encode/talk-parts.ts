import { appendFile, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VideoFormat } from '../../contracts/video-format.ts';
import {
  EncodedAudioPacketSource,
  type EncodedPacket,
  EncodedVideoPacketSource,
  NullTarget,
  Output,
} from '../codecs/webcodecs.ts';
import { partName } from './part-name.ts';
import type { TalkFormat } from './talk-format.ts';
import type { VoicePackets } from './voice-packets.ts';

/**
 * Concatenates the consecutive parts of a folder, from the first one on, to a file. While a talk is made, it is a
 * fragmented file in parts: they are the preview, and if the process dies, the next one continues after them.
 * @returns false if there are no frames in the folder
 */
export async function joinParts(folder: string, path: string, format: VideoFormat): Promise<boolean> {
  const names = new Set(await readdir(folder));
  let count = 0;
  for (; names.has(partName(count, format)); count += 1) {
    const part = await readFile(join(folder, partName(count, format)));
    await (count === 0 ? writeFile(path, part) : appendFile(path, part));
  }
  return count > 1;
}

export interface PartWriter {
  /** Adds the next frames. A keyframe group is in the folder once the first frame of the next one was added. */
  add(packets: EncodedPacket[]): Promise<void>;
  finish(): Promise<void>;
}

export async function createPartWriter(
  folder: string,
  format: TalkFormat,
  voice: VoicePackets,
  video: { meta: EncodedVideoChunkMetadata; framesPerS: number; groupS: number },
): Promise<PartWriter> {
  let parts = 0;
  const writes: Array<Promise<void>> = [];
  const write = (data: Uint8Array[]) => {
    const path = join(folder, partName(parts++, format.name));
    // Renamed when complete, so that readers never see half a part.
    writes.push(writeFile(`${path}.new`, Buffer.concat(data)).then(() => rename(`${path}.new`, path)));
  };
  const output = new Output({
    format: format.inParts(0.9 * video.groupS, write),
    target: new NullTarget(),
  });
  const pictures = new EncodedVideoPacketSource(format.pictures);
  const sound = new EncodedAudioPacketSource(format.sound);
  output.addVideoTrack(pictures, { frameRate: video.framesPerS });
  output.addAudioTrack(sound);
  await output.start();

  let soundPackets = 0;
  async function addSoundUntil(timeS: number): Promise<void> {
    while (soundPackets < voice.packets.length && voice.packets[soundPackets]!.timestamp < timeS) {
      await sound.add(voice.packets[soundPackets]!, voice.meta);
      soundPackets += 1;
    }
  }
  return {
    async add(packets) {
      for (const packet of packets) {
        await addSoundUntil(packet.timestamp + packet.duration);
        await pictures.add(packet, { decoderConfig: video.meta.decoderConfig });
      }
      await Promise.all(writes.splice(0));
    },
    async finish() {
      await addSoundUntil(Number.POSITIVE_INFINITY);
      await output.finalize();
      await Promise.all(writes.splice(0));
    },
  };
}
