import type { TalkRequest } from '../../ports/video-provider.ts';
import { wearsSunglasses } from './eyes/lids.ts';
import { examineFace } from './face/examine-face.ts';
import { faceColoursOf } from './face/face-colours.ts';
import type { FacePoints } from './face/face-points.ts';
import { type FrameSize, frameFace, toFrame } from './face/framing.ts';
import { createFaceAnimator, type FaceAnimator } from './face-animator.ts';
import { readMask, readPhoto, readTexture, readWholeMask } from './picture/read-picture.ts';
import type { Texture } from './picture/texture.ts';
import type { TalkModels } from './talk-models.ts';

export interface StagedTalk {
  animator: FaceAnimator;
  frame: FrameSize;
  /** Landmarks of the face, in pixels of the frame. */
  points: FacePoints;
  /** The first frame. */
  portrait: Texture;
  warnings: string[];
}

/**
 * Finds and checks the face, and prepares everything that does not change between frames.
 * @throws PipelineError FACE_NOT_FOUND, FACE_UNSUITABLE
 */
export async function stageTalk(
  models: TalkModels,
  request: TalkRequest,
  maxLongSidePx: number,
): Promise<StagedTalk> {
  const photo = await readPhoto(request.portraitPath);
  const face = await examineFace(models, photo, await readWholeMask(request.maskPath));
  const { warnings } = face;

  const { framing, frame } = frameFace(face.points, photo, {
    maxLongSidePx,
    isCutOut: !request.plateShowsPerson,
  });
  const points = toFrame(face.points, framing, frame);
  const portrait = await readTexture(request.portraitPath, framing, frame);
  const animator = createFaceAnimator({
    portrait,
    points,
    isTransparent: request.isTransparent ?? false,
    // If the plate shows the person too, there is no cutout: the picture itself is warped around the mouth.
    ...(request.plateShowsPerson
      ? { plate: portrait, mask: new Uint8Array(portrait.pixels.length).fill(255) }
      : {
          plate: await readTexture(request.platePath, framing, frame),
          mask: await readMask(request.maskPath, framing, frame),
        }),
  });
  if (wearsSunglasses(points, portrait, faceColoursOf(points, portrait).skin)) {
    warnings.push(
      'The eyes are dark, as behind sunglasses, so they do not blink. A photo without sunglasses looks more lively.',
    );
  }
  return { animator, frame, points, portrait, warnings };
}
