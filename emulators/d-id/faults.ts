/** Calls and events at which something can go wrong. */
export const CALLS = [
  'readCredits',
  'uploadImage',
  'uploadAudio',
  'createTalk',
  'readTalk',
  'listTalks',
  'deleteTalk',
  'deleteImage',
  'deleteAudio',
  'download',
  'talk',
  'webhook',
] as const;
export type Call = (typeof CALLS)[number];

export type Fault =
  /** An error in place of the work, or `after` it, so that the caller cannot know whether it was done. */
  | ({ kind: 'answer'; retryAfterS?: number; after?: boolean } & ErrorAnswer)
  /** The connection is cut, before or after the work. */
  | { kind: 'reset'; after?: boolean }
  /** The work is done at once, the answer comes late. */
  | { kind: 'stall'; ms: number }
  /** The work is done, the answer is the error page of a gateway. */
  | { kind: 'garbage' }
  /** Downloads: fewer bytes than announced, or slow ones. */
  | { kind: 'cut' }
  | { kind: 'slow'; ms: number }
  /** Talks: how they end, or how long they are stuck. */
  | { kind: 'ends'; status: 'error' | 'rejected'; error: string }
  | { kind: 'stuck'; ms: number }
  | { kind: 'unknown status' }
  /** Webhooks. */
  | { kind: 'lost' }
  | { kind: 'doubled' }
  | { kind: 'late'; ms: number }
  | { kind: 'out of order' };

export interface ErrorAnswer {
  status: number;
  /** D-ID's `kind`, or S3's `Code` of a download. Not used if the status is one that only the gateway answers. */
  error?: string;
  description?: string;
  details?: unknown;
}

/** Decides on a fault for the next call of this kind. */
export type FaultPlan = (call: Call) => Fault | undefined;

export const NO_FAULTS: FaultPlan = () => undefined;

export interface FaultScript extends FaultPlan {
  /** Faults that have not happened yet. */
  readonly left: Fault[];
}

/** Faults in the order of their calls; `undefined` lets a call pass. Calls beyond the script succeed. */
export function scriptedFaults(script: Partial<Record<Call, Array<Fault | undefined>>>): FaultScript {
  const left = structuredClone(script);
  const plan: FaultPlan = (call) => left[call]?.shift();
  return Object.defineProperty(plan, 'left', {
    get: () => Object.values(left).flatMap((faults) => faults.filter((fault) => fault !== undefined)),
  }) as FaultScript;
}
