/** Input and result of a decoder's slot: paths and numbers. */
export interface PrepareMediaInput {
  imagePath: string;
  audioPath: string;
  backgroundImagePath?: string;
  /** PNG and WAV files to write. */
  photoPath: string;
  voicePath: string;
  /** Written only where a background image was given. */
  backgroundPath: string;
}

export interface PrepareMediaResult {
  photo: { widthPx: number; heightPx: number; format: string };
  voice: { durationS: number; sampleRateHz: number; channels: number; format: string; peakDb: number };
}
