import { iou } from '../../src/inference/detect/boxes.ts';
import { openDetectorModel } from '../../src/inference/detect/detector-model.ts';
import { rankPersons } from '../../src/inference/detect/person-ranking.ts';
import type { FoundModel } from '../../src/models/find-model.ts';
import { averagePrecision } from './average-precision.ts';
import { mean, median } from './mean.ts';
import { mainBoxOf, type PeopleSet, type Photo } from './people-set.ts';

/** The default threshold of jobs. */
const SHIPPED_THRESHOLD = 0.5;
/** Lowest score on the precision-recall curve. */
const MIN_SCORE = 0.01;
const MIN_IOU = 0.5;
/** Minimum height of a person to count for the AP, as a share of the photo's height. */
const MIN_HEIGHT = 0.1;

export interface DetectorScore {
  /** Shares of photos whose main person is found at the shipped threshold, and is the first choice. */
  mainPersonFound: number;
  mainPersonChosen: number;
  ap50: number;
  /** Share of photos without people in which one is detected. */
  falseAlarms: number;
  photos: { withMainPerson: number; fullyBoxed: number; empty: number };
  /** Median milliseconds of the model alone, one thread. */
  modelMs: number;
}

export async function scoreDetector(model: FoundModel, people: PeopleSet): Promise<DetectorScore> {
  const detector = await openDetectorModel(model, { threads: 1 });
  const times: number[] = [];
  const detect = async (photo: Photo) => {
    const detection = await detector.detect(people.imagePath(photo), MIN_SCORE);
    times.push(detection.timingsMs.model!);
    return { ...detection, sure: detection.found.filter(({ score }) => score >= SHIPPED_THRESHOLD) };
  };

  const found: number[] = [];
  const chosen: number[] = [];
  for (const photo of people.withMainPerson) {
    const { sure, widthPx } = await detect(photo);
    const isMain = ({ box }: { box: (typeof sure)[number]['box'] }) => iou(box, mainBoxOf(photo)!) >= MIN_IOU;
    found.push(Number(sure.some(isMain)));
    chosen.push(Number(rankPersons(sure, widthPx).slice(0, 1).some(isMain)));
  }
  const boxed = [];
  for (const photo of people.fullyBoxed) {
    const detection = await detect(photo);
    boxed.push({ found: detection.found, truth: photo.boxes!, ignoredHeightPx: MIN_HEIGHT * photo.height });
  }
  const alarms: number[] = [];
  for (const photo of people.empty) {
    alarms.push(Number((await detect(photo)).sure.length > 0));
  }
  return {
    mainPersonFound: mean(found),
    mainPersonChosen: mean(chosen),
    ap50: averagePrecision(boxed),
    falseAlarms: mean(alarms),
    photos: { withMainPerson: found.length, fullyBoxed: boxed.length, empty: alarms.length },
    modelMs: median(times),
  };
}
