/** What is taken of photos and recordings: the server refuses more or less, the page says so before it sends them. */
export const MAX_IMAGE_PIXELS = 50_000_000;
export const MIN_IMAGE_SIDE_PX = 64;
export const MAX_AUDIO_S = 600;
export const MIN_AUDIO_S = 0.3;
