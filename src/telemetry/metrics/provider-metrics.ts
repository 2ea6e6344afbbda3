import { Gauge } from 'prom-client';
import type { ProviderName } from '../../contracts/job.ts';
import type { ProviderGateClient, RemoteVideoProvider } from '../../ports/video-provider.ts';
import { atMostEvery, type Metrics } from './metrics.ts';

/** Each look costs a request that counts against the account's limits. */
const ASK_EVERY_MS = 15_000;
/** A provider that does not answer must not hold up the scrape. */
const LONGEST_WAIT_MS = 4_000;

const HOLD_REASONS = ['outage', 'credits'] as const;

export interface WatchedProvider {
  name: ProviderName;
  provider: Pick<RemoteVideoProvider, 'readCredits'>;
  gate: ProviderGateClient;
}

/** How the provider is, seen from here and by the jobs that wait for it. */
export function addProviderMetrics(
  { registry, beforeScrape }: Metrics,
  { name, provider, gate }: WatchedProvider,
  askEveryMs = ASK_EVERY_MS,
): void {
  const registers = [registry];
  const gauge = (metric: string, help: string) =>
    new Gauge({ name: metric, help, labelNames: ['provider'], registers });
  const up = gauge('limelight_provider_up', 'Whether the provider answered (1) or not (0)');
  const credits = gauge('limelight_provider_credits_remaining', 'Credits left in the account');
  const inFlight = gauge('limelight_provider_talks_in_flight', 'Talks that the provider works on');
  const waiting = gauge('limelight_provider_jobs_waiting', 'Jobs that wait for a place or for the provider');
  const held = new Gauge({
    name: 'limelight_provider_held',
    help: 'Whether no talk is begun (1), for want of an answer (outage) or of credits',
    labelNames: ['provider', 'reason'],
    registers,
  });
  const labels = { provider: name };

  const ask = atMostEvery(askEveryMs, async () => {
    try {
      credits.set(labels, (await provider.readCredits()).remaining);
      up.set(labels, 1);
    } catch {
      credits.remove(labels);
      up.set(labels, 0);
    }
  });

  beforeScrape(async () => {
    await Promise.race([ask(), new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS).unref())]);
  });
  beforeScrape(async () => {
    const state = await gate.state();
    inFlight.set(labels, state?.talksInFlight ?? 0);
    waiting.set(labels, state?.waiting ?? 0);
    for (const reason of HOLD_REASONS) {
      held.set({ ...labels, reason }, state?.hold?.reason === reason ? 1 : 0);
    }
  });
}
