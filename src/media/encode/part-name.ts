import type { VideoFormat } from '../../contracts/video-format.ts';

/** File name of a part of an unfinished talk. The first part has the tracks, each other one a keyframe group. */
export function partName(index: number, format: VideoFormat): string {
  return `${String(index).padStart(5, '0')}.${format}`;
}
