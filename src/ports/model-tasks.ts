/** Inputs and results of the models' slots: paths and numbers. */
import type { Box, LadderStep, Person } from '../contracts/job.ts';

export interface DetectPersonsInput {
  /** Any file that the image library reads, upright. */
  imagePath: string;
  /** 0 to 1. */
  confThreshold: number;
}

export interface DetectPersonsResult {
  widthPx: number;
  heightPx: number;
  /** Best first, numbered from 1. Empty where nobody is found. */
  persons: Person[];
  /** The most confident person below the threshold, so that a refusal can say how near it was. */
  bestBelowThreshold?: number;
  /** Absent where the best way to compute held. */
  ladder?: LadderStep[];
  timingsMs: Record<string, number>;
}

export interface RemoveBackgroundInput {
  imagePath: string;
  /** The selected person, and the others whose pixels in the crop are to go. */
  person: Box;
  others: Box[];
  applySmoothing: boolean;
  /** PNG files to write, both the size of the image. */
  maskPath: string;
  cutoutPath: string;
}

export interface RemoveBackgroundResult {
  /** Side of the square that the model saw. */
  inputSize: number;
  /** Share of the image that the person covers, 0 to 1. */
  coverage: number;
  /** Absent where the best way to compute held. */
  ladder?: LadderStep[];
  timingsMs: Record<string, number>;
}
