import { sleep } from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import { givenUp, toClock } from './outage.ts';
import { remoteActivities } from './remote-activities.ts';

const SECONDS_PER_CREDIT = 15;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** One for each 15 seconds of voice that are begun. */
export function creditsFor(voiceS: number): number {
  return Math.max(1, Math.ceil(voiceS / SECONDS_PER_CREDIT));
}

/**
 * Asks for credits before work begins that would be lost without them: waits for them, or fails with
 * PROVIDER_CREDITS_EXHAUSTED or PROVIDER_UNAVAILABLE where the job is not to wait.
 */
export async function affordTalk(
  voiceS: number,
  onOutage: OutageChoice,
  tell: (message: string, details: Record<string, unknown>) => void,
): Promise<ProviderTerms> {
  const needed = creditsFor(voiceS);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { terms, credits } = await remoteActivities(1).many.checkProvider();
    if (credits ? credits.remaining >= needed : onOutage === 'wait') {
      return terms;
    }
    if (onOutage !== 'wait') {
      throw givenUp(credits ? 'credits' : 'outage', onOutage);
    }
    const pauseScaledMs = pauseMs * terms.timeScale;
    const next = toClock(new Date(Date.now() + pauseScaledMs));
    tell(
      `This video needs ${needed} of D-ID's credits, and the account has ${credits?.remaining}; next look at ${next}`,
      {
        hold: 'credits',
        next_try_at: new Date(Date.now() + pauseScaledMs).toISOString(),
      },
    );
    await sleep(pauseScaledMs, { summary: 'Until D-ID has credits' });
  }
}
