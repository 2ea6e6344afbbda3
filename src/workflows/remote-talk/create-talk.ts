import type { RemoteUpload } from '../../ports/video-provider.ts';
import { codeOf } from '../job-error.ts';
import { type DatedUpload, type Leftovers, toLostTalk } from './leftovers.ts';
import { troubleOf } from './outage.ts';
import { pause } from './pause.ts';
import type { RemoteCalls } from './remote-activities.ts';

/** The list shows a new talk a little after it was created. */
const FIND_DELAYS_MS = [0, 500, 1_500, 3_000, 5_000];
/** Once an order is this old, its talk is listed, so one search is enough. */
const LISTED_AFTER_MS = 10_000;
/** Providers delete uploads after a day at the earliest. */
const MAX_UPLOAD_AGE_MS = 20 * 3_600_000;

interface Uploads {
  portrait?: DatedUpload | undefined;
  voice?: DatedUpload | undefined;
}

/**
 * Uploads what is missing or old, in parallel, and waits for both even if one fails: an upload can be deleted, or used by
 * the next attempt, only if its id is known.
 */
export async function uploadMedia(
  { few }: RemoteCalls,
  { portraitKey, voiceKey }: { portraitKey: string; voiceKey: string },
  { requestId, ...earlier }: Uploads & { requestId: string },
  { again }: { again: boolean },
): Promise<{ uploads: Uploads; failure?: { reason: unknown } }> {
  const take = async (known: DatedUpload | undefined, upload: () => Promise<RemoteUpload>) =>
    known && !again && Date.now() - Date.parse(known.uploadedAt) < MAX_UPLOAD_AGE_MS
      ? known
      : { ...(await upload()), uploadedAt: new Date().toISOString() };
  const [portrait, voice] = await Promise.allSettled([
    take(earlier.portrait, () => few.uploadPortrait({ portraitKey, requestId })),
    take(earlier.voice, () => few.uploadVoice({ voiceKey })),
  ]);
  const failed = [portrait, voice].find((result) => result.status === 'rejected');
  return {
    uploads: {
      portrait: portrait.status === 'fulfilled' ? portrait.value : undefined,
      voice: voice.status === 'fulfilled' ? voice.value : undefined,
    },
    ...(failed && { failure: { reason: failed.reason } }),
  };
}

interface OrderToSend {
  requestId: string;
  portraitUrl: string;
  voiceUrl: string;
  /** The worker does not send the request later than this. Milliseconds since 1970. */
  sendBefore: number;
}

type OrderOutcome =
  | { kind: 'created'; talkId: string; warnings?: string[] }
  /** The worker started after the window, so nothing was sent. */
  | { kind: 'too late' }
  | {
      kind: 'failed';
      error: unknown;
      /** Whether a talk may exist despite the failure. */
      mayHaveTalk: boolean;
      /** Whether the worker is lost, which may still send the request. */
      isWorkerLost: boolean;
    };

/** Sends one request for a talk. */
export async function orderTalk({ once }: RemoteCalls, order: OrderToSend): Promise<OrderOutcome> {
  try {
    const created = await once.createTalk({
      ...order,
      sendBefore: new Date(order.sendBefore).toISOString(),
    });
    return 'talkId' in created ? { kind: 'created', ...created } : { kind: 'too late' };
  } catch (error) {
    const trouble = troubleOf(error);
    const isUnknown = trouble === undefined && codeOf(error) === undefined;
    return {
      kind: 'failed',
      error,
      mayHaveTalk: isUnknown || trouble === 'ambiguous' || trouble === 'worker lost',
      isWorkerLost: trouble === 'worker lost',
    };
  }
}

/**
 * The talk of an earlier order that may have succeeded. Searches until the order can no longer arrive, and its talk is listed.
 * @param failedAt when the order failed, in milliseconds since 1970. `undefined` if it is not known.
 */
export async function findLostTalk(
  { few }: RemoteCalls,
  leftovers: Leftovers,
  failedAt: number | undefined,
): Promise<string | undefined> {
  const { mayBeSentUntil = 0 } = leftovers;
  const listedAt = (failedAt ?? Number.POSITIVE_INFINITY) + LISTED_AFTER_MS * leftovers.timeScale;
  const remainingMs = mayBeSentUntil - Date.now();
  const delaysMs = [
    ...FIND_DELAYS_MS.map((ms) => ms * leftovers.timeScale),
    ...(remainingMs > 0 ? [remainingMs] : []),
  ];
  for (const delayMs of delaysMs) {
    await pause(delayMs, 'Until the next search for a lost talk');
    const searchedAt = Date.now();
    const found = await few.findTalk(toLostTalk(leftovers));
    if (found) {
      return found.talkId;
    }
    if (searchedAt >= Math.max(listedAt, mayBeSentUntil)) {
      break;
    }
  }
  return undefined;
}
