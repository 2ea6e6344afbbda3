import { sleep } from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import type { RemoteProviderFacts } from '../../contracts/schemas/job.ts';
import { givenUp, longerInterval, toClock } from './outage.ts';
import { remoteActivities } from './remote-activities.ts';

const FIRST_RETRY_DELAY_MS = 15_000;

/** Every talk costs at least one credit. */
export function creditsFor(voiceS: number, { secondsPerCredit }: RemoteProviderFacts): number {
  return Math.max(1, Math.ceil(voiceS / secondsPerCredit));
}

/**
 * Checks that the account has credits, before any work that would be lost without them. The provider sets the price, so only
 * the order shows whether they are enough. If there are none, the job waits. If it was submitted not to wait, it fails with
 * PROVIDER_CREDITS_EXHAUSTED or PROVIDER_UNAVAILABLE.
 */
export async function affordTalk(
  provider: RemoteProviderFacts,
  voiceS: number,
  onOutage: OutageChoice,
  onWait: (message: string, details: Record<string, unknown>) => void,
): Promise<ProviderTerms> {
  const { label } = provider;
  const needed = creditsFor(voiceS, provider);
  for (let delayMs = FIRST_RETRY_DELAY_MS; ; delayMs = longerInterval(delayMs, 1)) {
    const { terms, credits } = await remoteActivities(provider, 1).many.checkProvider();
    if (credits ? credits.remaining > 0 : onOutage === 'wait') {
      return terms;
    }
    if (!credits || onOutage !== 'wait') {
      throw givenUp(label, credits ? 'credits' : 'outage', onOutage);
    }
    const scaledMs = delayMs * terms.timeScale;
    const next = new Date(Date.now() + scaledMs);
    onWait(
      `This video costs ${needed} ${label} ${needed === 1 ? 'credit' : 'credits'} and the account has ${credits.remaining}; next check at ${toClock(next)}`,
      { hold: 'credits', next_try_at: next.toISOString() },
    );
    await sleep(scaledMs, { summary: `Until ${label} has credits` });
  }
}
