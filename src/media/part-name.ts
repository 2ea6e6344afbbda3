/** Of the parts of a talk that is being made: the first holds the tracks, each other one a keyframe group. */
export function partName(index: number): string {
  return `${String(index).padStart(5, '0')}.mp4`;
}
