import type { Background } from './job.ts';

/** What a video is stored as: MP4 plays everywhere, WebM can be transparent. */
export const VIDEO_FORMATS = ['mp4', 'webm'] as const;
export type VideoFormat = (typeof VIDEO_FORMATS)[number];

export const VIDEO_TYPES = { mp4: 'video/mp4', webm: 'video/webm' } as const satisfies Record<
  VideoFormat,
  string
>;

export function videoFormatOf({ background }: { background: Background }): VideoFormat {
  return background === 'transparent' ? 'webm' : 'mp4';
}
