import type { RemoteUpload } from '../../ports/video-provider.ts';
import type { RemoteCalls } from './remote-activities.ts';

export interface Uploads {
  portrait?: RemoteUpload | undefined;
  voice?: RemoteUpload | undefined;
}

/**
 * Uploads what is missing, in parallel, and waits for both even if one fails: an upload can be deleted, or used by the
 * next attempt, only if its id is known.
 */
export async function uploadMedia(
  { few }: RemoteCalls,
  { portraitKey, voiceKey }: { portraitKey: string; voiceKey: string },
  earlier: Uploads,
): Promise<{ uploads: Uploads; failure?: { reason: unknown } }> {
  const [portrait, voice] = await Promise.allSettled([
    earlier.portrait ?? few.uploadPortrait({ portraitKey }),
    earlier.voice ?? few.uploadVoice({ voiceKey }),
  ]);
  const failed = [portrait, voice].find((result) => result.status === 'rejected');
  return {
    uploads: {
      portrait: portrait.status === 'fulfilled' ? portrait.value : undefined,
      voice: voice.status === 'fulfilled' ? voice.value : undefined,
    },
    ...(failed && { failure: { reason: failed.reason } }),
  };
}
