/** Limits of photos and recordings. The server refuses others, and the page says so before it uploads them. */
/** 8192 x 6144, which phones call 50 megapixels. */
export const MAX_IMAGE_PIXELS = 50_331_648;
/**
 * 16384 x 12288, which phones call 200 megapixels. Baseline JPEG is decoded row by row, so larger photos up to this are
 * accepted and both sides halved. Other formats need memory for all their pixels.
 */
export const MAX_HALVED_PIXELS = 4 * MAX_IMAGE_PIXELS;
export const MIN_IMAGE_SIDE_PX = 64;
export const MAX_AUDIO_S = 600;
export const MIN_AUDIO_S = 0.3;
/** Recordings whose loudest sample is below this are silent, in decibels relative to full scale, without a constant offset. */
export const SILENCE_DB = -60;
