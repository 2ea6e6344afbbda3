import { iou } from '../../src/inference/detect/boxes.ts';
import { YOLO_KINDS } from '../../src/inference/detect/yolo-output.ts';
import { percentile, type Row } from '../bench.ts';
import { startPythonWorker } from '../python/python-worker.ts';
import type { TimedDetection } from './detect-task.ts';
import { type BenchSetting, modelNamed, openSlots, ROUNDS } from './setting.ts';

const THRESHOLD = 0.5;

/** From a JPEG to boxes, alternating. */
export async function compareDetectors({ python, photos, threads }: BenchSetting): Promise<Row[]> {
  const model = await modelNamed('yolov8n', 'person-detection', YOLO_KINDS);
  await using ours = openSlots<{ photo: string }, TimedDetection>(
    new URL('./detect-task.ts', import.meta.url),
    { model, threads, threshold: THRESHOLD },
    1,
  );
  await ours.ready();
  const { signal } = new AbortController();
  await using theirs = await startPythonWorker(python, 'detect', model.path, threads);
  const [ourMs, theirMs, differences, modelMs]: [number[], number[], number[], number[]] = [[], [], [], []];
  // The first run includes allocations.
  await theirs.run({ photo: photos[0]! });
  await ours.run({ photo: photos[0]! }, { signal });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const photo of photos) {
      const answer = await theirs.run({ photo });
      theirMs.push(answer.ms);
      const { found, widthPx, heightPx, timingsMs, ms } = await ours.run({ photo }, { signal });
      ourMs.push(ms);
      modelMs.push(timingsMs.model!);
      for (const box of answer.boxes!) {
        const same = found.toSorted((a, b) => iou(b.box, box) - iou(a.box, box))[0];
        const sides = [widthPx, heightPx, widthPx, heightPx];
        differences.push(
          ...box.map((value, side) => Math.abs(value - (same?.box[side] ?? 0)) / sides[side]!),
        );
      }
    }
  }
  return [
    { what: 'detection, ours', value: percentile(ourMs, 0.5), unit: 'ms' },
    { what: '  of it the model', value: percentile(modelMs, 0.5), unit: 'ms' },
    { what: 'detection, Ultralytics', value: percentile(theirMs, 0.5), unit: 'ms' },
    {
      what: 'detection, ours / Ultralytics',
      value: percentile(ourMs, 0.5) / percentile(theirMs, 0.5),
      unit: '',
      atMost: 0.75,
    },
    {
      what: 'box corners, mean difference, 1/255 of the photo',
      value: 255 * mean(differences),
      unit: '',
      atMost: 1,
    },
  ];
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
