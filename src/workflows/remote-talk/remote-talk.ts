import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import type { RunningStage } from '../../contracts/stages.ts';
import type { Talk, TalkJob } from '../generate-video/talk.ts';
import { creditsFor } from './afford-talk.ts';
import { createTalkOnce } from './create-talk-once.ts';
import { mayHaveTalk, type Remains } from './leftovers.ts';
import { ProviderGate } from './provider-gate.ts';
import { remoteActivities } from './remote-activities.ts';
import { waitForTalk } from './wait-for-talk.ts';

/** D-ID makes the video: the talk lives there, and is remembered here by its name. */
export async function talkWithDId(job: TalkJob, terms: ProviderTerms, remains: Remains): Promise<Talk> {
  const { keys, voiceS, options, progress, record } = job;
  const { onOutage } = options;
  const calls = remoteActivities(terms.timeScale);
  const gate = new ProviderGate('d-id', terms, remains);
  const tellAt = (stage: RunningStage) => (message: string, details?: Record<string, unknown>) =>
    progress.enter(stage, message, details);

  try {
    progress.enter('DID_UPLOAD', 'Handing portrait and voice to D-ID');
    const { talkId, talkMsPerVoiceS } = await createTalkOnce({
      portraitKey: keys.portrait,
      voiceKey: keys.voice,
      onOutage,
      gate,
      calls,
      remains,
      tell: tellAt('DID_UPLOAD'),
    });
    record.addUsage({ provider: 'd-id', talkId, seconds: voiceS, credits: creditsFor(voiceS) });

    progress.enter('DID_PROCESSING', 'D-ID makes the video', { talk_id: talkId });
    const usualMs = talkMsPerVoiceS === undefined ? undefined : talkMsPerVoiceS * voiceS;
    const tookMs = await waitForTalk({
      talkId,
      terms,
      onOutage,
      calls,
      usualMs,
      tell: tellAt('DID_PROCESSING'),
    });
    const [{ video, durationS }] = await Promise.all([
      calls.many.downloadTalk({ talkId, videoKey: keys.video }),
      gate.leave(tookMs / Math.max(voiceS, 1)),
    ]);
    return { provider: 'd-id', video, durationS, warnings: [] };
  } finally {
    // While D-ID may be at a talk its place is taken, whatever becomes of the job.
    if (!mayHaveTalk(remains)) {
      await gate.leave();
    }
  }
}
