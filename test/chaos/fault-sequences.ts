import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { LedgerEntry } from '../../emulators/d-id/account.ts';
import { mostInFlight } from '../../emulators/d-id/most-in-flight.ts';
import { mulberry32, seededFaults } from '../../emulators/d-id/seeded-faults.ts';
import { isErrorCode } from '../../src/contracts/error-codes.ts';
import { OUTAGE_CHOICES } from '../../src/contracts/job.ts';
import { type DIdHarness, type DIdJob, progressOf } from '../harness/d-id-harness.ts';

export interface SequenceResult {
  seed: number;
  talks: LedgerEntry[];
  /** `video`, `degraded video`, `cancelled`, or the code of the error. */
  end: string;
  paidTalks: number;
  faults: number;
  ms: number;
  /** What should not be, in words. */
  problems: string[];
}

export interface SequenceOptions {
  seed: number;
  count: number;
  atOnce: number;
  onResult?: (result: SequenceResult) => void;
}

/** More than the longest timeout of an activity, which is what a lost answer of Temporal costs. */
const JOB_TIMEOUT_MS = 5 * 60_000;
/** Fewer than there are jobs at once, so that they pass places on. */
export const PLACES = 3;
const SHORTEST_TALK_MS = 40;
const LONGEST_TALK_MS = 500;
/** How a list of talks may name their orders. */
const SHOWN = ['user_data', 'source of the talk', 'source of the upload'] as const;
const CANCELLED_SHARE = 0.08;
const POOR_SHARE = 0.05;

/** Whole jobs, each with faults from its own seed: seed, seed + 1, … */
export async function runSequences(harness: DIdHarness, options: SequenceOptions): Promise<SequenceResult[]> {
  const { seed: first, count, atOnce, onResult } = options;
  const results: SequenceResult[] = [];
  let next = first;
  const work = async () => {
    while (next < first + count) {
      const result = await runSequence(harness, next++);
      results.push(result);
      onResult?.(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results.sort((a, b) => a.seed - b.seed);
}

/** At D-ID, over all jobs of a run. */
export function mostTalksInFlight(results: SequenceResult[]): number {
  return mostInFlight(results.flatMap(({ talks }) => talks));
}

async function runSequence(harness: DIdHarness, seed: number): Promise<SequenceResult> {
  const startedAt = performance.now();
  const dice = mulberry32(seed);
  const plan = seededFaults(seed);
  let faults = 0;
  const onOutage = OUTAGE_CHOICES[Math.floor(dice() * OUTAGE_CHOICES.length)]!;
  const isPoor = dice() < POOR_SHARE;
  const isCancelled = dice() < CANCELLED_SHARE;
  const talkMs = SHORTEST_TALK_MS + dice() * (LONGEST_TALK_MS - SHORTEST_TALK_MS);
  const job = await harness.start(
    {
      faults: (call) => {
        const fault = plan(call);
        faults += fault ? 1 : 0;
        return fault;
      },
      listDelayMs: dice() * 100,
      hasStitch: dice() < 0.8,
      shows: SHOWN[Math.floor(dice() * SHOWN.length)]!,
      credits: isPoor ? 0 : 10,
      talkMs: () => talkMs,
    },
    { on_outage: onOutage },
  );
  if (isPoor) {
    void sleep(dice() * 3_000).then(() => {
      job.account.credits = 10;
    });
  }
  if (isCancelled) {
    void sleep(dice() * 4_000).then(() => job.handle.cancel().catch(() => undefined));
  }
  const problems: string[] = [];
  const end = await within(endOf(job), problems, 'the job did not end');
  if (end === undefined) {
    const { events } = await progressOf(job);
    problems.push(`its last words were "${events.at(-1)?.data.message}"`);
  }
  if (end === 'cancelled' && !isCancelled) {
    problems.push('it was cancelled by nobody');
  }
  await within(harness.tidied(job), problems, 'the undo did not end');
  problems.push(...faultsOf(job, end ?? 'nothing'));
  return {
    seed,
    talks: job.account.ledger,
    end: end ?? 'nothing',
    paidTalks: job.account.ledger.length,
    faults,
    ms: Math.round(performance.now() - startedAt),
    problems,
  };
}

async function endOf({ handle }: DIdJob): Promise<string> {
  try {
    const { metadata } = await handle.result();
    return metadata.provider.degraded ? 'degraded video' : 'video';
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    if (cause instanceof CancelledFailure) {
      return 'cancelled';
    }
    return cause instanceof ApplicationFailure ? (cause.type ?? 'no code') : String(cause);
  }
}

function faultsOf({ account, taskId }: DIdJob, end: string): string[] {
  const problems: string[] = [];
  const paid = account.ledger.length;
  const isVideo = end === 'video';
  const isEnd = isVideo || end === 'degraded video' || end === 'cancelled';
  if (!isEnd && (!isErrorCode(end) || end === 'INTERNAL')) {
    problems.push(`it ended in ${end}, which is no clear error`);
  }
  if (paid > 1) {
    problems.push(`${paid} talks were paid`);
  }
  if (isVideo && paid !== 1) {
    problems.push(`a video came of ${paid} paid talks`);
  }
  if (account.ledger.some(({ userData }) => userData !== taskId)) {
    problems.push('a talk was paid for somebody else');
  }
  if (!isVideo && account.leftovers.length > 0) {
    problems.push(`${account.leftovers.join(', ')} stayed at D-ID`);
  }
  return problems;
}

async function within<T>(work: Promise<T>, problems: string[], sentence: string): Promise<T | undefined> {
  const timeout = sleep(JOB_TIMEOUT_MS, 'timeout' as const, { ref: false });
  const result = await Promise.race([work, timeout]);
  if (result === 'timeout') {
    problems.push(`${sentence} within ${JOB_TIMEOUT_MS / 1000} s`);
    return undefined;
  }
  return result as T;
}
