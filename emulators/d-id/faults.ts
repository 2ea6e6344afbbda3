/** What can go wrong, by the call or the event at which it does. */
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
  /** An answer in place of the work, or after it (`after`): then the caller cannot know that it was done. */
  | { kind: 'answer'; status: number; error: string; retryAfterS?: number; after?: boolean }
  /** The connection is cut, before the work or after it. */
  | { kind: 'reset'; after?: boolean }
  /** The answer comes late, the work is done at once. */
  | { kind: 'stall'; ms: number }
  /** The work is done and answered with a gateway's page. */
  | { kind: 'garbage' }
  /** Of a download: fewer bytes than announced, or slow ones. */
  | { kind: 'cut' }
  | { kind: 'slow'; ms: number }
  /** Of a talk: how it ends, or that it does not for a while. */
  | { kind: 'ends'; status: 'error' | 'rejected'; error: string }
  | { kind: 'stuck'; ms: number }
  | { kind: 'unknown status' }
  /** Of a webhook. */
  | { kind: 'lost' }
  | { kind: 'doubled' }
  | { kind: 'late'; ms: number }
  | { kind: 'out of order' };

/** Decides about the next call of a kind. */
export type FaultPlan = (call: Call) => Fault | undefined;

export const NO_FAULTS: FaultPlan = () => undefined;

/** Faults in the order of their calls; `undefined` lets one pass. What is not in the script goes well. */
export function scriptedFaults(script: Partial<Record<Call, Array<Fault | undefined>>>): FaultPlan {
  const left = structuredClone(script);
  return (call) => left[call]?.shift();
}
