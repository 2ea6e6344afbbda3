import type { TalkRequest } from '../../src/ports/video-provider.ts';
import { type Pose, REST } from '../../src/providers/local/motion/pose.ts';
import { stageTalk } from '../../src/providers/local/stage-talk.ts';
import type { TalkModels } from '../../src/providers/local/talk-models.ts';
import { cutAround, tileSheet } from './tile-sheet.ts';

/** Mouth shapes by sound, and the lids, at the strength of normal speech. */
const POSES: Array<[name: string, Partial<Pose>]> = [
  ['photo', {}],
  ['m b p', { press: 0.7, close: 1 }],
  ['f v', { jaw: 0.09, upperRaise: 0.25, close: 0.75 }],
  ['s', { cheeks: 0.35, jaw: 0.1, upperRaise: 0.28, lowerDrop: 0.55, close: 0.6 }],
  ['ee', { jaw: 0.2, wide: 0.26, cheeks: 0.9, lowerDrop: 0.3, upperRaise: 0.1, close: 0.4 }],
  ['eh', { jaw: 0.4, wide: 0.1, lowerDrop: 0.15, upperRaise: 0.1, close: 0.3 }],
  ['ah', { cheeks: 0.2, jaw: 0.62, upperRaise: 0.12, close: 0.3 }],
  ['oh', { jaw: 0.4, wide: -0.26, thick: 0.6, close: 0.4 }],
  ['oo', { jaw: 0.15, wide: -0.3, thick: 0.7, close: 0.6 }],
  ['half blink', { blink: 0.5 }],
  ['blink', { blink: 1 }],
  ['turned', { yaw: 0.04, pitch: 0.03, roll: -0.025, brows: 0.8, breath: 1, jaw: 0.3, close: 0.4 }],
];

export async function drawShapes(
  models: TalkModels,
  request: TalkRequest,
  longSidePx: number,
  path: string,
): Promise<string[]> {
  const { animator, frame, points, warnings } = await stageTalk(models, request, longSidePx);
  const picture = new Uint32Array(frame.widthPx * frame.heightPx);
  const tiles = [];
  for (const [name, pose] of POSES) {
    animator.draw({ ...REST, ...pose }, picture);
    tiles.push({ name, ...(await cutAround(picture, frame, points)) });
  }
  await tileSheet(tiles, 6, path);
  return warnings;
}
