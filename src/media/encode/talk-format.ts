import type { VideoFormat } from '../../contracts/video-format.ts';
import {
  type InputFormat,
  MP4,
  Mp4OutputFormat,
  type OutputFormat,
  WEBM,
  WebMOutputFormat,
} from '../codecs/webcodecs.ts';

/** How a talk is written. */
export interface TalkFormat {
  name: VideoFormat;
  container: InputFormat;
  pictures: 'avc' | 'vp9';
  sound: 'aac' | 'opus';
  /** One file, its index in front where the format has its place there. */
  whole(): OutputFormat;
  /** Parts of at least so many seconds, each from a keyframe on, that are a video one after another. */
  inParts(leastS: number, onPart: (data: Uint8Array[]) => void): OutputFormat;
}

const AS_MP4: TalkFormat = {
  name: 'mp4',
  container: MP4,
  pictures: 'avc',
  sound: 'aac',
  whole: () => new Mp4OutputFormat({ fastStart: 'reserve' }),
  inParts(minimumFragmentDuration, onPart) {
    const { keep, finish } = collectPart(onPart);
    return new Mp4OutputFormat({
      fastStart: 'fragmented',
      minimumFragmentDuration,
      onFtyp: keep,
      onMoov: finish,
      onMoof: keep,
      onMdat: finish,
    });
  },
};

/** VP9 with its alpha beside each frame. An index at the end is where WebM has it: what it points to comes before. */
const AS_WEBM: TalkFormat = {
  name: 'webm',
  container: WEBM,
  pictures: 'vp9',
  sound: 'opus',
  whole: () => new WebMOutputFormat(),
  inParts(minimumClusterDuration, onPart) {
    const { keep, finish } = collectPart(onPart);
    return new WebMOutputFormat({
      appendOnly: true,
      minimumClusterDuration,
      onEbmlHeader: keep,
      onSegmentHeader: finish,
      onCluster: finish,
    });
  },
};

export const TALK_FORMATS: Record<VideoFormat, TalkFormat> = { mp4: AS_MP4, webm: AS_WEBM };

/** What comes in pieces, until the piece that ends a part. */
function collectPart(onPart: (data: Uint8Array[]) => void) {
  let pending: Uint8Array[] = [];
  return {
    keep(data: Uint8Array): void {
      pending.push(data.slice());
    },
    finish(data: Uint8Array): void {
      onPart([...pending, data.slice()]);
      pending = [];
    },
  };
}
