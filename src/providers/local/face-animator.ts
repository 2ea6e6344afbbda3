import { createLids } from './eyes/lids.ts';
import { type FaceColours, faceColoursOf } from './face/face-colours.ts';
import type { FacePoints } from './face/face-points.ts';
import type { Pose } from './motion/pose.ts';
import { type MouthFrame, mouthFrameOf } from './mouth/mouth-frame.ts';
import { createMouthInterior } from './mouth/mouth-interior.ts';
import { createPhotoTeeth, showsTeeth } from './mouth/photo-teeth.ts';
import { snapLips } from './mouth/snap-lips.ts';
import { createUpperTeeth } from './mouth/upper-teeth.ts';
import { cutPerson } from './picture/cut-person.ts';
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

export interface Scene {
  /** All of the size of the frame. */
  portrait: Texture;
  plate: Texture;
  /** 255 where the person is. */
  mask: Uint8Array;
  /** The face's landmarks in pixels of the frame. */
  points: FacePoints;
}

export interface FaceAnimator {
  mouth: MouthFrame;
  colours: FaceColours;
  /** Whether the photo shows teeth between lips that are apart. */
  grins: boolean;
  /** Draws one frame into `out`, packed RGBA. The rest pose is the portrait. */
  draw(pose: Pose, out: Uint32Array): void;
}

/** Everything that is computed once a portrait; frames then only combine it. */
export function createFaceAnimator({ portrait, plate, mask, points }: Scene): FaceAnimator {
  const grid = gridOver(portrait);
  const person = cutPerson(portrait, plate, mask);
  const colours = faceColoursOf(points, portrait);
  const seen = mouthFrameOf(points);
  const grins = showsTeeth(seen, portrait, colours.skin);
  const mouth = snapLips(seen, portrait, grins);
  const fields = {
    head: headFieldsOf(points, grid),
    brows: browFieldOf(points, grid),
    mouth: mouthFieldsOf(mouth, grid),
  };
  const teeth = grins ? createPhotoTeeth(mouth, portrait) : createUpperTeeth(mouth, colours.tooth);
  const closeLids = createLids(points, portrait, colours, person);
  const interior = createMouthInterior(mouth, colours, teeth);
  const displacements = createDisplacements(fields, mouth, grid);
  const movedLips = createMovedLips(mouth, grid);
  const inverse = createInverseWarp(mouth, fields.mouth.box, grid);
  const drawPerson = createFrameWarp(person, plate, grid);
  const drawMouth = createMouthRegion(mouth, interior, person, plate, grid);

  return {
    mouth,
    colours,
    grins,
    draw(pose, out) {
      closeLids(pose.blink);
      displacements.update(pose);
      movedLips.update(displacements);
      inverse.update(displacements, movedLips.lips);
      drawPerson(inverse.source, out);
      interior.prepare(movedLips.lips, pose.lowerDrop);
      drawMouth(displacements, inverse.source, movedLips.lips, out);
    },
  };
}
