import type { RemoteUpload } from '../../ports/video-provider.ts';
import type { CreateTalkJob } from './create-talk-once.ts';

/** What is at the provider already; it is filled in as it gets there. */
export interface Media {
  portrait?: RemoteUpload;
  voice?: RemoteUpload;
}

/**
 * Uploads what is missing, side by side. Both are waited for, also where one fails: what was stored has a name only then,
 * and is not stored again by the next attempt.
 */
export async function uploadMedia(
  { calls, remains, portraitKey, voiceKey }: CreateTalkJob,
  media: Media,
): Promise<{ portraitUrl: string; voiceUrl: string }> {
  const [portrait, voice] = await Promise.allSettled([
    media.portrait ?? calls.few.uploadPortrait({ portraitKey }),
    media.voice ?? calls.few.uploadVoice({ voiceKey }),
  ]);
  if (portrait.status === 'fulfilled') {
    media.portrait = portrait.value;
    remains.portraitId = portrait.value.id;
  }
  if (voice.status === 'fulfilled') {
    media.voice = voice.value;
    remains.voiceId = voice.value.id;
  }
  if (portrait.status === 'rejected') {
    throw portrait.reason;
  }
  if (voice.status === 'rejected') {
    throw voice.reason;
  }
  return { portraitUrl: portrait.value.url, voiceUrl: voice.value.url };
}
