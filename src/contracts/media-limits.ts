/** Limits of photos and recordings. The server refuses others, and the page says so before it uploads them. */
export const MAX_IMAGE_PIXELS = 50_000_000;
export const MIN_IMAGE_SIDE_PX = 64;
export const MAX_AUDIO_S = 600;
export const MIN_AUDIO_S = 0.3;
/** Recordings whose loudest sample is below this are silent, in decibels relative to full scale, without a constant offset. */
export const SILENCE_DB = -60;
