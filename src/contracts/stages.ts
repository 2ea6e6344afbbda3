/** The stages of a job in order, each with the percentage at its start. The names are the same for every provider. */
export const STAGE_PERCENT = {
  INITIALIZED: 0,
  UPLOAD_COMPLETE: 20,
  DETECTION_RUNNING: 25,
  DETECTION_COMPLETE: 40,
  BACKGROUND_REMOVAL_RUNNING: 50,
  BACKGROUND_REMOVAL_COMPLETE: 60,
  DID_UPLOAD: 70,
  DID_PROCESSING: 75,
  DID_COMPLETE: 80,
  FINALIZING: 90,
  COMPLETED: 100,
} as const;

export type RunningStage = keyof typeof STAGE_PERCENT;
export const RUNNING_STAGES = Object.keys(STAGE_PERCENT) as RunningStage[];
/** FAILED and CANCELLED keep the percentage that the job reached. */
export type Stage = RunningStage | 'FAILED' | 'CANCELLED';

/** Stages that begin a step, so there is no new result yet. */
const BEGINNINGS: ReadonlySet<Stage> = new Set([
  'DETECTION_RUNNING',
  'BACKGROUND_REMOVAL_RUNNING',
  'DID_UPLOAD',
  'FINALIZING',
]);

export function isBeginning(stage: Stage): boolean {
  return BEGINNINGS.has(stage);
}

const TERMINAL: ReadonlySet<Stage> = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

export function isTerminal(stage: Stage): stage is 'COMPLETED' | 'FAILED' | 'CANCELLED' {
  return TERMINAL.has(stage);
}
