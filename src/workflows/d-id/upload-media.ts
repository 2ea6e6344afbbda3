import type { CreateTalkJob } from './create-talk-once.ts';

export interface Media {
  portraitUrl: string;
  voiceUrl: string;
}

/** Portrait and voice side by side. Both are waited for, also where one fails: what was stored has a name only then. */
export async function uploadMedia({ calls, remains, portraitKey, voiceKey }: CreateTalkJob): Promise<Media> {
  const [portrait, voice] = await Promise.allSettled([
    calls.few.uploadPortrait({ portraitKey }),
    calls.few.uploadVoice({ voiceKey }),
  ]);
  if (portrait.status === 'fulfilled' && portrait.value.id) {
    remains.portraitId = portrait.value.id;
  }
  if (voice.status === 'fulfilled' && voice.value.id) {
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
