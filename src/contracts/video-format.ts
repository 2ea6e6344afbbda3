/** MP4 plays everywhere, WebM can be transparent. */
export const VIDEO_FORMATS = ['mp4', 'webm'] as const;
export type VideoFormat = (typeof VIDEO_FORMATS)[number];

export const VIDEO_TYPES = { mp4: 'video/mp4', webm: 'video/webm' } as const satisfies Record<
  VideoFormat,
  string
>;

/** What the renderers of this machine make on the long side, in pixels. Smaller photos are enlarged to the minimum. */
export const MIN_LONG_SIDE_PX = 512;
export const MAX_LONG_SIDE_PX = 1080;

/** The format of a job's video: it depends on the background. */
export function videoFormatOf({ background }: { background?: string }): VideoFormat {
  return background === 'transparent' ? 'webm' : 'mp4';
}
