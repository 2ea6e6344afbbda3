import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_BACKGROUND } from '../../src/contracts/job.ts';
import { PipelineError } from '../../src/errors.ts';
import { createTask as createDetectorTask } from '../../src/inference/detect/detector-task.ts';
import { YOLO_KINDS } from '../../src/inference/detect/yolo-output.ts';
import { findFaceModels, openFaceModels } from '../../src/inference/face/find-face-models.ts';
import { readArea } from '../../src/inference/image/open-image.ts';
import { MATTING_KINDS } from '../../src/inference/matte/matting-output.ts';
import { createTask as createMattingTask } from '../../src/inference/matte/matting-task.ts';
import { findModel, type ModelFolders } from '../../src/models/find-model.ts';
import { stageTalk } from '../../src/providers/local/stage-talk.ts';
import { createTalkModels, findTalkModels } from '../../src/providers/local/talk-models.ts';
import { cropFor, readPhotoFaces, writeCrop } from './face-crops.ts';
import { median } from './mean.ts';
import { sample } from './sample.ts';

/** Of the face, from hairline to chin, in the height of the picture. */
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85];
/** The default of jobs. */
const CONF_THRESHOLD = 0.5;
const MAX_SIDE_PX = 1024;

export interface CloseUpsScore {
  shares: Record<string, { crops: number; accepted: number; refused: Record<string, string[]> }>;
  /** Median milliseconds to detect faces in a crop. */
  detectMs: number;
}

/**
 * How many faces the pipeline animates, by how much of the picture they fill. Each crop goes through all steps of a job
 * up to its first frame: people, cut-out, composition, face, landmarks and rig.
 * @param dir as `readPhotoFaces` takes it
 */
export async function scoreCloseUps(
  dir: string,
  { folders, reference, limit }: { folders: ModelFolders; reference?: string | undefined; limit: number },
): Promise<CloseUpsScore> {
  const located = await openFaceModels(
    await findFaceModels(reference ? { ...folders, dir: reference } : folders),
    1,
  );
  const animate = await openPipeline(folders);
  const faces = await readPhotoFaces(dir, located);
  const times: number[] = [];
  const shares: CloseUpsScore['shares'] = {};
  const folder = await mkdtemp(join(tmpdir(), 'limelight-close-ups-'));
  try {
    for (const share of SHARES) {
      const crops = (
        await Promise.all(faces.map(async (face) => ({ face, area: await cropFor(face, share) })))
      ).filter(({ area }) => area);
      const score = { crops: 0, accepted: 0, refused: {} as Record<string, string[]> };
      for (const { face, area } of sample(crops, limit)) {
        const photoPath = join(folder, 'photo.png');
        await writeCrop(face.path, area!, photoPath);
        const { reason, detectMs } = await animate(photoPath, folder);
        score.crops += 1;
        if (reason) {
          score.refused[reason] = [...(score.refused[reason] ?? []), face.path];
        } else {
          score.accepted += 1;
        }
        times.push(detectMs);
      }
      shares[`${Math.round(100 * share)} %`] = score;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { shares, detectMs: median(times) };
}

/** The steps of a job, on the files of one folder. Returns the code of the refusal, if any. */
async function openPipeline(folders: ModelFolders) {
  const detector = await createDetectorTask({
    model: await findModel('person-detection', YOLO_KINDS, folders),
    faces: await findFaceModels(folders),
    threads: 1,
  });
  const matting = await createMattingTask({
    model: await findModel('background-removal', MATTING_KINDS, folders),
    threads: 1,
  });
  const talk = await createTalkModels(await findTalkModels(folders, 1));
  // Importing it closes the image library to the drawings of the self-tests above.
  const { composePortrait } = await import('../../src/media/picture/compose-portrait.ts');
  const ignore = () => {};

  return async (photoPath: string, folder: string): Promise<{ reason?: string; detectMs: number }> => {
    const path = (name: string) => join(folder, `${name}.png`);
    const picture = await readArea(photoPath);
    const start = performance.now();
    await talk.detector.detect(picture);
    const detectMs = performance.now() - start;
    try {
      const turnedPath = path('turned');
      const found = await detector.run(
        { imagePath: photoPath, confThreshold: CONF_THRESHOLD, turnedPath },
        ignore,
      );
      const [person, ...others] = found.persons;
      if (!person || found.turnedDegrees) {
        return { reason: person ? 'turned' : 'PERSON_NOT_FOUND', detectMs };
      }
      const paths = { maskPath: path('mask'), cutoutPath: path('cutout') };
      await matting.run(
        {
          imagePath: photoPath,
          person: person.box,
          others: others.map(({ box }) => box),
          applySmoothing: true,
          ...paths,
        },
        ignore,
      );
      const portraitPath = path('portrait');
      const platePath = path('plate');
      await composePortrait({
        photoPath,
        cutoutPath: paths.cutoutPath,
        background: DEFAULT_BACKGROUND,
        platePath,
        portraitPath,
      });
      await stageTalk(
        talk,
        {
          requestId: 'close-up',
          portraitPath,
          platePath,
          maskPath: paths.maskPath,
          plateShowsPerson: false,
          voicePath: '',
        },
        MAX_SIDE_PX,
      );
      return { detectMs };
    } catch (error) {
      if (!(error instanceof PipelineError)) {
        throw error;
      }
      return { reason: [error.code, error.details?.reason].filter(Boolean).join(' '), detectMs };
    }
  };
}
