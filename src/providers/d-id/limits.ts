/** What D-ID accepts, and what it charges. */
export const IMAGE_LIMITS = { bytes: 10_000_000, pixels: 10 * 1024 * 1024, minSidePx: 160 };
export const AUDIO_LIMITS = { bytes: 6_000_000, durationS: 600 };
export const SECONDS_PER_CREDIT = 15;
