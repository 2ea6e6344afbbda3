/** The stages of a job in their order, each with the percentage at its start. The names stay for every provider. */
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
/** FAILED and CANCELLED keep the percentage that the job had reached. */
export type Stage = RunningStage | 'FAILED' | 'CANCELLED';

/** Nothing is there yet that was not there in the stage before. */
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

export function isTerminal(stage: Stage): boolean {
  return TERMINAL.has(stage);
}

/** What every reader of a task's progress gets, in its wire form from birth: nothing translates it on the way. */
export interface StageEvent {
  /** Strictly increasing from 1 within a task. The `id:` of a server-sent event. */
  seq: number;
  task_id: string;
  event_type: 'stage_update';
  data: {
    stage: Stage;
    progress_percent: number;
    /** For a person: "Detected 3 persons, selected person #1". */
    message: string;
    /** Facts of this stage for a program, such as `persons` or `error`. */
    details?: Record<string, unknown>;
  };
  /** ISO 8601, of the workflow's clock. */
  timestamp: string;
}
