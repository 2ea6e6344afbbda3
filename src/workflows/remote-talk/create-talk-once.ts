import { isCancellation } from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import { type Remains, toLostTalk } from './leftovers.ts';
import { codeOf, givenUp, retryAfterMsOf, toClock, troubleOf } from './outage.ts';
import { pause } from './pause.ts';
import type { Held, ProviderGate } from './provider-gate.ts';
import type { RemoteCalls } from './remote-activities.ts';
import { uploadMedia } from './upload-media.ts';

export interface CreateTalkJob {
  portraitKey: string;
  voiceKey: string;
  onOutage: OutageChoice;
  gate: ProviderGate;
  calls: RemoteCalls;
  /** Told of everything that comes to be at the provider, the moment it is known. */
  remains: Remains;
  tell: (message: string, details?: Record<string, unknown>) => void;
}

export interface CreatedTalk {
  talkId: string;
  /** What talks took lately for each second of voice, where it is known. */
  talkMsPerVoiceS?: number;
}

/** The list shows a new talk a little after it was created. */
const LOOKS_MS = [0, 500, 1_500, 3_000, 5_000];
/** An attempt that was not begun within this time is not begun at all; twice as long after each that came too late. */
const FIRST_WINDOW_MS = 10_000;
/** Between the clocks of Temporal and of a worker. */
const CLOCK_SKEW_MS = 1_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A job that is not to wait does not wait for the breaker either. */
const PATIENCE = 3;

/**
 * Uploads portrait and voice and has the talk created, exactly once: after an attempt of which it is not known whether
 * it succeeded, its talk is looked for before the next one. Holds while the provider does not answer.
 */
export async function createTalkOnce(job: CreateTalkJob): Promise<CreatedTalk> {
  const { gate, remains, onOutage } = job;
  const attempts = { windowMs: FIRST_WINDOW_MS, lookUntil: 0 };
  if (remains.talkId) {
    return { talkId: remains.talkId };
  }
  remains.media ??= {};
  const { media } = remains;
  for (let failures = 0; ; ) {
    try {
      // Uploads do not count as talks; but where something failed, the breaker is asked before anything else.
      const early = failures > 0 ? await enterGate(job) : undefined;
      const urls = await uploadMedia(job, media);
      const { talkMsPerVoiceS, isWatched } = early ?? (await enterGate(job));
      const talkId = (await lookBack(job, attempts)) ?? (await ask(job, urls, attempts));
      if (talkId) {
        remains.talkId = talkId;
        if (isWatched) {
          await gate.report('created');
        }
        return { talkId, ...(talkMsPerVoiceS !== undefined && { talkMsPerVoiceS }) };
      }
    } catch (error) {
      const trouble = isCancellation(error) ? undefined : troubleOf(error);
      if (!trouble) {
        throw error;
      }
      failures += 1;
      const reason = trouble === 'credits' ? 'credits' : 'outage';
      if (onOutage !== 'wait' && failures >= PATIENCE) {
        throw givenUp(reason, onOutage);
      }
      // Where the breaker is open it says when to go on; this spreads those that failed together.
      const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
      const spreadMs = longestMs * remains.timeScale * (0.5 + Math.random() / 2);
      const pauseMs = Math.max(spreadMs, retryAfterMsOf(error));
      // A worker that died says nothing about the provider; the place is kept.
      if (trouble !== 'worker lost') {
        await gate.report(reason);
        tellHeld(job, { reason, until: new Date(Date.now() + pauseMs).toISOString() });
      }
      await pause(pauseMs, 'Until the talk is asked for again');
    }
  }
}

interface Attempts {
  windowMs: number;
  /** Until then an attempt that was given up may still be sent. Milliseconds since 1970. */
  lookUntil: number;
}

/** One attempt. `undefined` where it came too late to be sent. */
async function ask(
  { calls, remains }: CreateTalkJob,
  urls: { portraitUrl: string; voiceUrl: string },
  attempts: Attempts,
) {
  const { requestId } = remains;
  const sendBefore = Date.now() + attempts.windowMs;
  remains.mayHaveTalk = true;
  remains.askedAt ??= new Date().toISOString();
  try {
    const created = await calls.once.createTalk({
      requestId,
      ...urls,
      sendBefore: new Date(sendBefore).toISOString(),
    });
    if ('talkId' in created) {
      return created.talkId;
    }
    remains.mayHaveTalk = false;
    attempts.windowMs *= 2;
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === 'worker lost') {
      attempts.lookUntil = sendBefore + CLOCK_SKEW_MS;
    }
    const isUnknown = trouble === undefined && codeOf(error) === undefined;
    remains.mayHaveTalk = isUnknown || trouble === 'ambiguous' || trouble === 'worker lost';
    throw error;
  }
}

/** The talk of an earlier attempt, where there was one that may have succeeded. */
async function lookBack({ calls, remains }: CreateTalkJob, { lookUntil }: Attempts) {
  if (!remains.mayHaveTalk) {
    return undefined;
  }
  const { timeScale } = remains;
  const pauses = [
    ...LOOKS_MS.map((ms) => ms * timeScale),
    ...(lookUntil > Date.now() ? [lookUntil - Date.now()] : []),
  ];
  for (const pauseMs of pauses) {
    await pause(pauseMs, 'Until a lost talk is looked for again');
    const found = await calls.few.findTalk(toLostTalk(remains));
    if (found) {
      return found.talkId;
    }
  }
  remains.mayHaveTalk = false;
}

function enterGate(job: CreateTalkJob) {
  const { gate, onOutage } = job;
  return gate.enter((held) => {
    if (held.reason !== 'busy' && onOutage !== 'wait') {
      throw givenUp(held.reason, onOutage);
    }
    tellHeld(job, held);
  });
}

const HELD = {
  outage: 'D-ID is not answering',
  credits: 'The D-ID account has no credits left',
  busy: 'Waiting for a place: D-ID works on as many talks as the settings allow',
};

function tellHeld({ tell }: CreateTalkJob, { reason, until }: Omit<Held, 'kind'>): void {
  const next = until ? `; next try at ${toClock(new Date(until))}` : '';
  tell(`${HELD[reason]}${next}`, { hold: reason, ...(until && { next_try_at: until }) });
}
