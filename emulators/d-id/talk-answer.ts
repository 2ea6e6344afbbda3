import { type Account, type AccountOptions, type Talk, USER_ID } from './account.ts';

/** A talk in the list, on its own and in webhooks. Undocumented fields are as published payloads have them. */
export function toTalkAnswer(
  { options: { hasWatermark } }: Account,
  talk: Talk,
  shows: AccountOptions['shows'],
) {
  return {
    user: {
      features: ['stitch', 'clips:write', 'cached-translations'],
      stripe_plan_group: 'deid-trial',
      authorizer: 'basic',
      owner_id: USER_ID,
      email: 'owner@example.com',
      plan: 'deid-trial',
    },
    id: talk.id,
    user_id: USER_ID,
    created_by: USER_ID,
    source_url: shows === 'source of the upload' ? talk.image.url : talk.sourceUrl,
    audio_url: talk.audioUrl,
    created_at: talk.createdAt.toISOString(),
    modified_at: talk.modifiedAt.toISOString(),
    status: talk.status,
    ...(talk.startedAt && { started_at: withoutZone(talk.startedAt) }),
    ...(shows === 'user_data' && talk.userData !== undefined && { user_data: talk.userData }),
    ...(talk.webhook !== undefined && { webhook: talk.webhook }),
    driver_url: 'bank://lively/driver-06',
    config: {
      stitch: talk.stitch,
      pad_audio: 0,
      align_driver: true,
      sharpen: true,
      auto_match: true,
      normalization_factor: 1,
      motion_factor: 1,
      result_format: '.mp4',
      fluent: false,
      show_watermark: hasWatermark,
    },
    duration: Math.ceil(talk.voiceS),
    ...(talk.startedAt && {
      face: { mask_confidence: -1, detection: [224, 118, 471, 389], overlap: 'no', size: 512 },
      metadata: { driver_url: 'bank://lively/driver-06/original', num_faces: 1, resolution: [512, 512] },
      pending_url: `s3://d-id-talks-prod/${talk.id}/pending.mp4`,
    }),
    ...(talk.status === 'done' && talk.result && { result_url: talk.result.url }),
    ...(talk.error && { error: talk.error }),
  };
}

/** "2023-05-08T10:01:46.386", as D-ID writes this one time. */
function withoutZone(at: Date): string {
  return at.toISOString().slice(0, -1);
}
