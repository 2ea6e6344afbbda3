import type { PixelBox } from '../../media/encode/i420.ts';
import { smoothstep } from './curves.ts';
import { createLids } from './eyes/lids.ts';
import { faceColoursOf } from './face/face-colours.ts';
import { type FacePoints, faceYaw } from './face/face-points.ts';
import { createFolds } from './face/folds.ts';
import type { Manner } from './motion/motion.ts';
import type { Pose } from './motion/pose.ts';
import { showsGap, showsTeeth } from './mouth/between-lips.ts';
import { mouthFrameOf } from './mouth/mouth-frame.ts';
import { createMouthInterior } from './mouth/mouth-interior.ts';
import { createPhotoTeeth } from './mouth/photo-teeth.ts';
import { snapLips } from './mouth/snap-lips.ts';
import { createUpperTeeth } from './mouth/upper-teeth.ts';
import { cutPerson } from './picture/cut-person.ts';
import { extendPerson } from './picture/extend-person.ts';
import { sharpen } from './picture/sharpen.ts';
import type { Texture } from './picture/texture.ts';
import { browFieldOf } from './warp/brow-field.ts';
import { createDisplacements } from './warp/displacements.ts';
import { headFieldsOf } from './warp/head-fields.ts';
import { createInverseWarp } from './warp/inverse-warp.ts';
import { mouthFieldsOf } from './warp/mouth-fields.ts';
import { createMouthRegion } from './warp/mouth-region.ts';
import { createMovedLips } from './warp/moved-lips.ts';
import { createFrameWarp } from './warp/warp-frame.ts';
import { gridOver } from './warp/warp-grid.ts';

interface Scene {
  /** Portrait, plate and mask have the size of the frame. */
  portrait: Texture;
  plate: Texture;
  /** 255 for the person. */
  mask: Uint8Array;
  /** Landmarks of the face, in pixels of the frame. */
  points: FacePoints;
  /** If true, frames show nothing behind the person: see `extendPerson`. */
  isTransparent?: boolean;
}

export interface FaceAnimator {
  manner: Manner;
  /** The area in which frames can differ, in even pixels, because chroma has half the resolution. */
  changing: PixelBox;
  /** Draws one frame into `out`, packed RGBA. In the rest pose it is the portrait. */
  draw(pose: Pose, out: Uint32Array): void;
}

/**
 * Range of head turns, in radians, over which the mouth's motion is reduced. Beyond, teeth would show outside the lips.
 */
const TURNING = [0.24, 0.35] as const;

/** Computes once per portrait everything that frames then only combine. */
export function createFaceAnimator(scene: Scene): FaceAnimator {
  const { portrait, mask, points } = scene;
  const grid = gridOver(portrait);
  const person = cutPerson(portrait, scene.plate, mask);
  const plate = scene.isTransparent ? extendPerson(person) : scene.plate;
  const colours = faceColoursOf(points, portrait);
  const located = mouthFrameOf(points);
  const seen = { ...located, open: located.open && showsGap(located, portrait, colours.skin) };
  const grins = showsTeeth(seen, portrait, colours.skin);
  const mouth = snapLips(seen, portrait, grins);
  const fields = {
    head: headFieldsOf(points, grid),
    brows: browFieldOf(points, grid),
    mouth: mouthFieldsOf(mouth, grid),
  };
  const yaw = Math.abs(faceYaw(points));
  const teeth = grins ? createPhotoTeeth(mouth, portrait) : createUpperTeeth(mouth, colours.tooth);
  const crisp = sharpen(person);
  const lids = [person, crisp].map((texture) => createLids(points, portrait, colours, texture));
  const deepenFolds = createFolds(points, crisp);
  const interior = createMouthInterior(mouth, colours, yaw < TURNING[1] ? teeth : undefined);
  const displacements = createDisplacements(fields, mouth, grid);
  const movedLips = createMovedLips(mouth, grid);
  const inverse = createInverseWarp(mouth, fields.mouth.box, grid);
  const drawPerson = createFrameWarp({ still: person, moving: crisp }, plate, grid);
  const drawMouth = createMouthRegion(mouth, interior, crisp, plate, grid);

  return {
    manner: { mouthOpen: mouth.open, grins, reach: 1 - 0.4 * smoothstep(...TURNING, yaw) },
    changing: drawPerson.reach,
    draw(pose, out) {
      for (const closeLids of lids) {
        closeLids(pose.blink);
      }
      deepenFolds(pose.cheeks);
      displacements.update(pose);
      movedLips.update(displacements);
      inverse.update(displacements, movedLips.lips);
      drawPerson(inverse.source, out);
      interior.prepare(movedLips.lips, pose.lowerDrop);
      drawMouth(displacements, inverse.source, movedLips.lips, out);
    },
  };
}
