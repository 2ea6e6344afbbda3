import type { VideoFormat } from '../../contracts/video-format.ts';
import {
  type InputFormat,
  MP4,
  Mp4OutputFormat,
  type OutputFormat,
  WEBM,
  WebMOutputFormat,
} from '../codecs/webcodecs.ts';

/** Container and codecs of a talk. */
export interface TalkFormat {
  name: VideoFormat;
  container: InputFormat;
  pictures: 'avc' | 'vp9';
  sound: 'aac' | 'opus';
  /** One file. An MP4 has its index in front. */
  whole(): OutputFormat;
  /** Parts of at least `minS` seconds, each starting with a keyframe. Concatenated they are a video. */
  inParts(minS: number, onPart: (data: Uint8Array[]) => void): OutputFormat;
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

/** VP9 with the alpha beside each frame. WebM has its index at the end. */
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

/** Collects pieces until the one that completes a part. */
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
