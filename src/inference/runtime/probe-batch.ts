import { iou } from '../detect/boxes.ts';
import type { Detection, DetectorModel } from '../detect/detector-model.ts';

/** More would keep the first of them waiting, and take memory that the slot does not declare. */
const BATCH = 4;
/** A batch must take less than this share of the time of its pictures one by one. */
const WORTHWHILE = 0.8;
/** Providers choose their kernels in the first run of each shape. */
const TIMED_RUNS = 3;
/** Arithmetic in another order moves scores and boxes by less. */
const SAME = { score: 0.005, iou: 0.99 };

/**
 * How many pictures this detector should be given at once, by real runs: more than one only where that is faster and gives
 * what single runs give. A CPU is as busy with one picture as with four, so it is not even asked.
 */
export async function probeBatch(
  { provider, takesBatches, detect, detectTogether }: DetectorModel,
  image: string,
  minScore: number,
): Promise<number> {
  if (!takesBatches || provider === 'cpu') {
    return 1;
  }
  try {
    const single = await fastest(async () => [await detect(image, minScore)]);
    const batch = await fastest(() => detectTogether(new Array(BATCH).fill(image), minScore));
    const same = batch.detections.every((detection) => isSame(detection, single.detections[0]!));
    return same && batch.ms < WORTHWHILE * BATCH * single.ms ? BATCH : 1;
  } catch {
    // Such as too little memory for four: one at a time works, as the self-test has shown.
    return 1;
  }
}

async function fastest(run: () => Promise<Detection[]>): Promise<{ detections: Detection[]; ms: number }> {
  const detections = await run();
  let ms = Number.POSITIVE_INFINITY;
  for (let timed = 0; timed < TIMED_RUNS; timed += 1) {
    const [first] = await run();
    ms = Math.min(ms, first!.timingsMs.model!);
  }
  return { detections, ms };
}

function isSame(a: Detection, b: Detection): boolean {
  return (
    a.found.length === b.found.length &&
    a.found.every(
      ({ score, box }, index) =>
        Math.abs(score - b.found[index]!.score) < SAME.score && iou(box, b.found[index]!.box) > SAME.iou,
    )
  );
}
