import type { ProviderGateClient, RemoteVideoProvider } from '../ports/video-provider.ts';

export interface DIdDeps {
  provider: Pick<RemoteVideoProvider, 'readCredits'>;
  gate: ProviderGateClient;
  /** The end of the path at which D-ID tells of changes; without it nobody is listened to. */
  webhookSecret?: string;
}
