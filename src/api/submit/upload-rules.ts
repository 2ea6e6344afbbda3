import { type MediaField, requireMediaType } from '../../media/decode/media-type.ts';
import type { ApiLimits } from './limits.ts';
import type { FileRule } from './multipart.ts';

/** For what a slow connection needs before it is fast. */
const SPARE_MS = 30_000;

/** The file fields of a submission. */
export function toUploadRules(limits: ApiLimits): Record<MediaField, FileRule> {
  const rule = (field: MediaField, maxBytes: number): FileRule => ({
    maxBytes,
    timeoutMs: SPARE_MS + (maxBytes / limits.slowestBytesPerS) * 1000,
    check: async (head) => {
      await requireMediaType(field, head);
    },
  });
  return {
    image: rule('image', limits.imageBytes),
    audio: rule('audio', limits.audioBytes),
    background_image: rule('background_image', limits.backgroundImageBytes),
  };
}
