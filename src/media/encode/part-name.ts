import type { VideoFormat } from '../../contracts/video-format.ts';

/** Of the parts of a talk that is being made: the first holds the tracks, each other one a keyframe group. */
export function partName(index: number, format: VideoFormat): string {
  return `${String(index).padStart(5, '0')}.${format}`;
}
