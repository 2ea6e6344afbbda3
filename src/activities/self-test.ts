import { join } from 'node:path';
import type { SelfTestResult } from '../contracts/self-test.ts';
import { PipelineError } from '../errors.ts';
import type { BackgroundDeps } from './background.ts';
import type { DetectionDeps } from './detection.ts';
import { keepAlive } from './keep-alive.ts';

export interface SelfTestDeps extends DetectionDeps, BackgroundDeps {
  /** A drawing of one person, and the person's box in it. */
  figure: { path: string; box: [number, number, number, number] };
}

/** Lower than for photos: working models are less sure about a drawing. */
const MIN_CONFIDENCE = 0.02;

export function createSelfTestActivities({ store, detector, matting, figure }: SelfTestDeps) {
  return {
    async testDetector(): Promise<SelfTestResult> {
      const { persons, timingsMs } = await keepAlive((signal) =>
        detector.run({ imagePath: figure.path, confThreshold: MIN_CONFIDENCE }, { signal }),
      );
      if (!persons[0]) {
        throw new PipelineError(
          'MODEL_INVALID',
          'Expected the detector to see the drawn person, but it found no person',
        );
      }
      return { score: persons[0].confidence, timings_ms: timingsMs };
    },

    async testMatting(): Promise<SelfTestResult> {
      await using folder = await store.scratch();
      const { coverage, timingsMs } = await keepAlive((signal) =>
        matting.run(
          {
            imagePath: figure.path,
            person: figure.box,
            others: [],
            applySmoothing: false,
            maskPath: join(folder.path, 'mask.png'),
            cutoutPath: join(folder.path, 'cutout.png'),
          },
          { signal },
        ),
      );
      return { score: coverage, timings_ms: timingsMs };
    },
  };
}

export type SelfTestActivities = ReturnType<typeof createSelfTestActivities>;
