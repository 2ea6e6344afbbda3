import { type MediaField, requireMediaType } from '../../media/decode/media-type.ts';
import type { FileRule } from './multipart.ts';
import { refuseText } from './text-in-place-of-file.ts';

/** Limits of one request. Tests set smaller ones. */
export interface ApiLimits {
  imageBytes: number;
  audioBytes: number;
  backgroundImageBytes: number;
  /** A file may take as long as its maximum size takes at this speed. */
  minBytesPerS: number;
  /** Timeout for downloading the files that a submission names by URLs. */
  urlTimeoutMs: number;
  /** A reader of events with more bytes than this queued is disconnected. */
  eventQueueBytes: number;
}

const MEGABYTE = 1_000_000;

export const API_LIMITS: ApiLimits = {
  imageBytes: 25 * MEGABYTE,
  audioBytes: 50 * MEGABYTE,
  backgroundImageBytes: 25 * MEGABYTE,
  // 1 Mbit/s.
  minBytesPerS: 125_000,
  urlTimeoutMs: 60_000,
  // Some hundred stage events; a job has fewer than twenty.
  eventQueueBytes: 256 * 1024,
};

/** Added to each timeout, because TCP starts slowly. */
const TIMEOUT_MARGIN_MS = 30_000;

/** The file fields of a submission. */
export function toUploadRules(limits: ApiLimits): Record<MediaField, FileRule> {
  const rule = (field: MediaField, maxBytes: number): FileRule => ({
    maxBytes,
    timeoutMs: TIMEOUT_MARGIN_MS + (maxBytes / limits.minBytesPerS) * 1000,
    check(head, source) {
      refuseText(field, head, source);
      requireMediaType(field, head);
    },
  });
  return {
    image: rule('image', limits.imageBytes),
    audio: rule('audio', limits.audioBytes),
    background_image: rule('background_image', limits.backgroundImageBytes),
  };
}
