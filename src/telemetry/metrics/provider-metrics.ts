import { Gauge } from 'prom-client';
import type { ProviderGateClient, RemoteVideoProvider } from '../../ports/video-provider.ts';
import { atMostEvery } from '../at-most-every.ts';
import type { Metrics } from './metrics.ts';

/** Every request counts against the limits of the account. */
const POLL_INTERVAL_MS = 15_000;
/** A provider that does not answer must not hold up the scrape. */
const POLL_TIMEOUT_MS = 4_000;

const HOLD_REASONS = ['outage', 'credits'] as const;

export interface WatchedProvider {
  name: string;
  account: Pick<RemoteVideoProvider, 'readCredits'>;
  gate: ProviderGateClient;
}

/** The state of remote providers: whether they answer, and how many jobs use or await them. */
export function addProviderMetrics(
  { registry, beforeScrape }: Metrics,
  providers: readonly WatchedProvider[],
  pollIntervalMs = POLL_INTERVAL_MS,
): void {
  const registers = [registry];
  const gauge = (metric: string, help: string) =>
    new Gauge({ name: metric, help, labelNames: ['provider'], registers });
  const up = gauge('limelight_provider_up', 'Whether the provider answered (1) or not (0)');
  const credits = gauge('limelight_provider_credits_remaining', 'Credits left in the account');
  const inFlight = gauge('limelight_provider_talks_in_flight', 'Talks that the provider works on');
  const waiting = gauge(
    'limelight_provider_jobs_waiting',
    'Tasks that wait for a free place or for the provider',
  );
  const held = new Gauge({
    name: 'limelight_provider_held',
    help: 'Whether new talks are held back (1) because the provider is down (outage) or the account is empty (credits)',
    labelNames: ['provider', 'reason'],
    registers,
  });

  for (const { name, account, gate } of providers) {
    const labels = { provider: name };
    const poll = atMostEvery(pollIntervalMs, async () => {
      try {
        credits.set(labels, (await account.readCredits()).remaining);
        up.set(labels, 1);
      } catch {
        credits.remove(labels);
        up.set(labels, 0);
      }
    });
    beforeScrape(async () => {
      await Promise.race([poll(), new Promise((resolve) => setTimeout(resolve, POLL_TIMEOUT_MS).unref())]);
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
}
