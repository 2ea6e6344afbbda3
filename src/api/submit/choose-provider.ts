import type { LocalProviderFacts, ProviderFacts } from '../../contracts/schemas/job.ts';
import { PipelineError } from '../../errors.ts';
import type { PipelineStatistics } from '../../ports/pipeline-statistics.ts';
import type { LocalProviderDescriptor, ProviderDescriptor } from '../../ports/provider.ts';
import type { ProviderGateClient, RemoteVideoProvider } from '../../ports/video-provider.ts';

/** A provider of the registry, as this server has it. */
export interface OfferedProvider {
  descriptor: ProviderDescriptor;
  /** Whether it is set up or installed here. */
  isAvailable: boolean;
  /** Set if it is a remote provider that is set up. */
  remote?: {
    account: Pick<RemoteVideoProvider, 'readCredits'>;
    gate: ProviderGateClient;
    /** Last part of the path of its webhooks. Default: webhooks are refused. */
    webhookSecret?: string | undefined;
  };
}

/** The value of `on_outage` that makes this provider take over. */
const FALLBACK = 'local';

/** Faults of the fields `provider` and `background` together, by field. */
export function findProviderFaults(
  providers: readonly OfferedProvider[],
  { provider, background }: { provider: string | undefined; background: string | undefined },
): Record<string, string> {
  if (provider === undefined || provider === 'auto') {
    return {};
  }
  const chosen = findProvider(providers, provider);
  if (!chosen) {
    const names = providers.map(({ descriptor }) => descriptor.name).join(', ');
    const received = JSON.stringify(provider.length > 60 ? `${provider.slice(0, 60)}…` : provider);
    return { provider: `expected auto or one of ${names} but received ${received}` };
  }
  const { descriptor, isAvailable } = chosen;
  const faults: Record<string, string> = {};
  if (background === 'transparent' && !descriptor.capabilities.transparentBackground) {
    faults.background = `expected a background other than transparent: ${descriptor.label} makes videos without alpha`;
  }
  // Only for remote providers: workers may have local models that this process does not see.
  if (descriptor.kind === 'remote' && !isAvailable) {
    faults.provider = `expected another provider: ${descriptor.name} needs ${descriptor.settings.required}, which this server does not have`;
  }
  return faults;
}

/**
 * A renderer that is not installed here may be installed on a worker.
 * @throws PipelineError MODEL_MISSING if no worker has polled its queue in the last minutes: a job would wait for one
 */
export async function assertRendererServed(
  { providers, statistics }: RendererServedDeps,
  name: string,
): Promise<void> {
  const chosen = findProvider(providers, name);
  if (chosen?.descriptor.kind !== 'local' || chosen.isAvailable) {
    return;
  }
  const { label, queue } = chosen.descriptor;
  if ((await statistics.queue(queue)).pollers === 0) {
    throw new PipelineError(
      'MODEL_MISSING',
      `No worker has a model for ${label}. Add one to a worker (docs/models.md), or submit the task with provider=${FALLBACK}.`,
    );
  }
}

interface RendererServedDeps {
  providers: readonly OfferedProvider[];
  statistics: Pick<PipelineStatistics, 'queue'>;
}

/** `auto` is the first provider that is set up and can make the video. */
export function chooseProvider(
  providers: readonly OfferedProvider[],
  { provider, background }: { provider: string; background: string },
): string {
  if (provider !== 'auto') {
    return provider;
  }
  const fits = providers.find(
    ({ descriptor, isAvailable }) =>
      isAvailable && (background !== 'transparent' || descriptor.capabilities.transparentBackground),
  );
  return fits?.descriptor.name ?? FALLBACK;
}

/** Facts for the workflow about the provider of a job, and about the one that may take over. */
export function toJobProviders(
  providers: readonly OfferedProvider[],
  name: string,
): { provider: ProviderFacts; fallback?: LocalProviderFacts } {
  const chosen = findProvider(providers, name)?.descriptor;
  if (!chosen) {
    throw new PipelineError('INPUT_INVALID', `provider: this server has no provider "${name}".`);
  }
  if (chosen.kind === 'local') {
    return { provider: toLocalFacts(chosen) };
  }
  const { label, secondsPerCredit, settings } = chosen;
  const fallback = findProvider(providers, FALLBACK)?.descriptor;
  return {
    provider: {
      kind: 'remote',
      name,
      label,
      queue: name,
      secondsPerCredit,
      talkTimeoutSetting: settings.talkTimeout,
    },
    ...(fallback?.kind === 'local' && { fallback: toLocalFacts(fallback) }),
  };
}

function findProvider(providers: readonly OfferedProvider[], name: string): OfferedProvider | undefined {
  return providers.find(({ descriptor }) => descriptor.name === name);
}

function toLocalFacts({ name, label, queue }: LocalProviderDescriptor): LocalProviderFacts {
  return { kind: 'local', name, label, queue };
}
