import { type OfferedProvider, toJobProviders } from '../../src/api/submit/choose-provider.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { JobInput } from '../../src/contracts/schemas/job.ts';
import type { ProviderDescriptor } from '../../src/ports/provider.ts';
import { PROVIDERS } from '../../src/providers/registry.ts';

/** The providers of a server on which nothing is set up: only the built-in renderer is available. */
export function offerProviders(providers: readonly ProviderDescriptor[] = PROVIDERS): OfferedProvider[] {
  return providers.map((descriptor) => ({ descriptor, isAvailable: descriptor.name === 'local' }));
}

/** What the API adds to the input of a job with these options. */
export function providersOf(
  { provider }: JobInput['options'],
  providers?: readonly ProviderDescriptor[],
): Pick<JobInput, 'provider' | 'fallback'> {
  return toJobProviders(offerProviders(providers), provider);
}

/** Task queues of everything, those of remote providers included. */
export function allQueues(providers: readonly ProviderDescriptor[] = PROVIDERS): string[] {
  const remote = providers.filter(({ kind }) => kind === 'remote');
  return [...Object.values(QUEUES), ...remote.map(({ name }) => name)];
}
