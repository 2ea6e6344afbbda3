import type { ModelQueue } from '../contracts/gpu-status.ts';
import type { Box, Fallback, Person } from '../contracts/schemas/job-outcome.ts';
import type { SelfTestName, SelfTestResult } from '../contracts/self-test.ts';

/** Input of a detector slot. */
export interface DetectPersonsInput {
  /** An upright picture in any format that the image library reads. */
  imagePath: string;
  /** 0 to 1. */
  confThreshold: number;
  /** PNG file to write if the photo has to be turned. Default: it is left as it is. */
  turnedPath?: string;
}

/** Degrees clockwise. */
export type Turn = 90 | 180 | 270;

export interface DetectPersonsResult {
  /** Size of the picture, after it was turned. */
  widthPx: number;
  heightPx: number;
  /**
   * How far the picture had to be turned, because its faces lie on their side or are upside down. Absent if a face is
   * upright, or if none is found in any direction. Boxes refer to the turned picture.
   */
  turnedDegrees?: Turn;
  /** Best first, numbered from 1. Empty if no person is found. */
  persons: Person[];
  /** Confidence of the best guess below the threshold, for the error message. */
  bestBelowThreshold?: number;
  /** Absent if the best way to compute succeeded. */
  fallbacks?: Fallback[];
  timingsMs: Record<string, number>;
}

/** Input of a matting slot. */
export interface RemoveBackgroundInput {
  imagePath: string;
  /** The selected person, and the other people to remove from the crop. */
  person: Box;
  others: Box[];
  applySmoothing: boolean;
  /** PNG files to write, both the size of the picture. A retry overwrites them. */
  maskPath: string;
  cutoutPath: string;
}

export interface RemoveBackgroundResult {
  /** Side of the square that the model was given, in pixels. */
  inputSize: number;
  /** Share of the picture that the person covers, 0 to 1. */
  coverage: number;
  /** Absent if the best way to compute succeeded. */
  fallbacks?: Fallback[];
  timingsMs: Record<string, number>;
}

/** What the API asks of the models. Both calls reject with TEMPORAL_UNAVAILABLE if no answer comes in time. */
export interface ModelClient {
  /** Number of activities that wait for a slot. */
  queueLength(queue: ModelQueue): Promise<number>;
  /** Runs the model in one of its slots. Rejects with the error of the model, such as MODEL_INVALID. */
  selfTest(name: SelfTestName): Promise<SelfTestResult>;
}
