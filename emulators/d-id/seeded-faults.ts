import type { Call, Fault, FaultPlan } from './faults.ts';

/** Temporary faults: a retry succeeds. */
const OUTAGES: Fault[] = [
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 502 },
  { kind: 'answer', status: 503 },
  { kind: 'answer', status: 504, after: true },
  { kind: 'answer', status: 502, after: true },
  { kind: 'answer', status: 429, retryAfterS: 0.05 },
  { kind: 'answer', status: 408, error: 'RequestTimeout' },
  { kind: 'answer', status: 425, error: 'TooEarly' },
  { kind: 'reset' },
  { kind: 'reset', after: true },
  { kind: 'stall', ms: 30 },
  { kind: 'garbage' },
];
/** No fault follows a successful upload: without its id the client could not delete it, and D-ID deletes it after 48 hours. */
const UPLOAD_OUTAGES = OUTAGES.filter((fault) => !('after' in fault) && fault.kind !== 'garbage');
const NO_CREDITS: Fault = { kind: 'answer', status: 402, error: 'InsufficientCreditsError' };

const NO_STITCH: Fault = {
  kind: 'answer',
  status: 403,
  error: 'PermissionError',
  description: 'user has no permission for stitch',
};
const STALE_UPLOAD: Fault = {
  kind: 'answer',
  status: 400,
  error: 'BadRequestError',
  description: 'cannot validate s3://d-id-images-prod/a.jpg - may be corrupted or does not exist',
};
/** One client treats it as temporary; D-ID's documents do not name it. */
const CONFLICT: Fault = { kind: 'answer', status: 409, error: 'ConflictError' };

const TEMPORARY: Record<Call, Fault[]> = {
  readCredits: OUTAGES,
  uploadImage: UPLOAD_OUTAGES,
  uploadAudio: UPLOAD_OUTAGES,
  createTalk: [...OUTAGES, NO_CREDITS, NO_STITCH, STALE_UPLOAD, CONFLICT],
  readTalk: OUTAGES,
  listTalks: OUTAGES,
  deleteTalk: [...OUTAGES, { kind: 'answer', status: 409, error: 'NotReadyError' }],
  deleteImage: OUTAGES,
  deleteAudio: OUTAGES,
  download: [
    { kind: 'cut' },
    { kind: 'slow', ms: 30 },
    { kind: 'answer', status: 403, error: 'AccessDenied', description: 'Access Denied' },
    { kind: 'answer', status: 500, error: 'InternalError' },
    { kind: 'reset' },
  ],
  talk: [{ kind: 'stuck', ms: 400 }],
  webhook: [{ kind: 'lost' }, { kind: 'doubled' }, { kind: 'late', ms: 100 }, { kind: 'out of order' }],
};

/** Faults that must fail the job. */
const FINAL: Partial<Record<Call, Fault[]>> = {
  uploadImage: [
    { kind: 'answer', status: 451, error: 'ImageModerationError' },
    { kind: 'answer', status: 400, error: 'InvalidImageResolutionError' },
  ],
  uploadAudio: [
    { kind: 'answer', status: 451, error: 'AudioModerationError' },
    { kind: 'answer', status: 415, error: 'UnsupportedMimeTypeError' },
  ],
  createTalk: [
    { kind: 'answer', status: 400, error: 'BadRequestError' },
    { kind: 'answer', status: 401, error: 'AuthorizationError' },
    {
      kind: 'answer',
      status: 403,
      error: 'PermissionError',
      description: 'user has no permission for talks',
    },
  ],
  readTalk: [{ kind: 'answer', status: 404, error: 'NotFoundError' }],
  talk: [
    { kind: 'ends', status: 'rejected', error: 'CelebrityRecognizedError' },
    { kind: 'ends', status: 'error', error: 'FaceError' },
    { kind: 'ends', status: 'error', error: 'UnknownError' },
    { kind: 'ends', status: 'error', error: 'DriverError' },
    { kind: 'ends', status: 'error', error: 'SourceError' },
    { kind: 'unknown status' },
  ],
};

/** Shares of all calls. Each call is decided independently. */
const TEMPORARY_SHARE = 0.25;
const FINAL_SHARE = 0.03;

/**
 * Random faults, the same for the same seed. The fault of the n-th call of a kind does not depend on the timing of other
 * calls.
 */
export function seededFaults(seed: number): FaultPlan {
  const counts = new Map<Call, number>();
  return (call) => {
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    const dice = mulberry32(hash(`${seed}/${call}/${count}`));
    const roll = dice();
    const final = FINAL[call];
    if (final && roll < FINAL_SHARE) {
      return pick(final, dice());
    }
    return roll < FINAL_SHARE + TEMPORARY_SHARE ? pick(TEMPORARY[call], dice()) : undefined;
  };
}

function pick(faults: Fault[], roll: number): Fault {
  return faults[Math.floor(roll * faults.length)]!;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ character.charCodeAt(0), 0x01000193);
  }
  return value >>> 0;
}

/** Tommy Ettinger's Mulberry32: 32 bits of state, good enough to choose faults. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
