import { open } from 'node:fs/promises';
import { PipelineError } from '../../errors.ts';
import {
  AudioSampleSink,
  FilePathSource,
  Input,
  type InputAudioTrack,
  type InputVideoTrack,
  MP4,
  QTFF,
  VideoSampleSink,
  WEBM,
  whileCodecsRun,
} from '../codecs/webcodecs.ts';

export interface VideoFacts {
  widthPx: number;
  heightPx: number;
  durationS: number;
}

/**
 * Checks that an MP4 or a WebM plays: it has picture and sound, the first and last frame and some sound can be decoded,
 * and the index of an MP4 is in front, so that it plays while it loads.
 * @throws PipelineError VIDEO_UNPLAYABLE with the reason
 */
export async function checkVideo(path: string): Promise<VideoFacts> {
  try {
    return await whileCodecsRun(inspect(path));
  } catch (error) {
    if (error instanceof PipelineError) {
      throw error;
    }
    throw unplayable('one that cannot be decoded', error);
  }
}

async function inspect(path: string): Promise<VideoFacts> {
  using input = new Input({ source: new FilePathSource(path), formats: [MP4, QTFF, WEBM] });
  const video = await input.getPrimaryVideoTrack();
  const audio = await input.getPrimaryAudioTrack();
  if (!video || !audio) {
    throw unplayable(`one without ${video ? 'sound' : 'picture'}`);
  }
  if ((await input.getFormat()) !== WEBM && !(await hasIndexInFront(path))) {
    throw unplayable('one with its index at the end, which must load completely before it plays');
  }
  const durationS = await input.computeDuration();
  await requireFrames(video);
  await requireSound(audio);
  return {
    widthPx: await video.getDisplayWidth(),
    heightPx: await video.getDisplayHeight(),
    durationS,
  };
}

async function requireFrames(video: InputVideoTrack): Promise<void> {
  const frames = new VideoSampleSink(video);
  for (const timestampS of [await video.getFirstTimestamp(), await video.computeDuration()]) {
    using frame = await frames.getSample(timestampS);
    if (!frame) {
      throw unplayable(`one whose frame at ${timestampS.toFixed(2)} s cannot be decoded`);
    }
  }
}

async function requireSound(audio: InputAudioTrack): Promise<void> {
  using sound = await new AudioSampleSink(audio).getSample((await audio.computeDuration()) / 2);
  if (!sound) {
    throw unplayable('one whose sound cannot be decoded');
  }
}

function unplayable(received: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'VIDEO_UNPLAYABLE',
    `Expected a playable MP4 or WebM with picture and sound, but received ${received}.`,
    { cause },
  );
}

const HEADER_BYTES = 16;

/**
 * Whether the index (`moov`) of an MP4 is before its content (`mdat`), so that players on the network can start at
 * once. A file is a sequence of boxes, each with a length and a four-letter name (ISO/IEC 14496-12, section 4.2).
 */
export async function hasIndexInFront(path: string): Promise<boolean> {
  await using file = await open(path);
  const { size } = await file.stat();
  const header = Buffer.alloc(HEADER_BYTES);
  for (let at = 0; at + 8 <= size; ) {
    await file.read(header, 0, HEADER_BYTES, at);
    const name = header.toString('latin1', 4, 8);
    if (name === 'moov' || name === 'mdat') {
      return name === 'moov';
    }
    const short = header.readUInt32BE(0);
    // 1 means that the length follows in 64 bits.
    const length = short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    if (length < 8) {
      return false;
    }
    at += length;
  }
  return false;
}
