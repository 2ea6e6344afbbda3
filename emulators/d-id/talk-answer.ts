import type { Talk } from './account.ts';

/** A talk in the list, on its own and in webhooks. */
export function toTalkAnswer(talk: Talk, resultUrl: string | undefined) {
  const isDone = talk.status === 'done';
  return {
    id: talk.id,
    user_id: 'emulator',
    source_url: talk.image.url,
    audio_url: `https://d-id-emulator.s3.amazonaws.com/${talk.audio.id}/audio`,
    created_at: talk.createdAt.toISOString(),
    modified_at: talk.modifiedAt.toISOString(),
    status: talk.status,
    ...(talk.startedAt && { started_at: talk.startedAt.toISOString() }),
    ...(talk.userData !== undefined && { user_data: talk.userData }),
    ...(talk.webhook !== undefined && { webhook: talk.webhook }),
    config: { stitch: talk.stitch, result_format: 'mp4' },
    ...(isDone && resultUrl && { duration: talk.voiceS, result_url: resultUrl }),
    ...(talk.error && { error: talk.error }),
  };
}
