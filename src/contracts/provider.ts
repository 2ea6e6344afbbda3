export type { LocalProviderFacts, ProviderFacts, RemoteProviderFacts } from './schemas/job.ts';
