/** Input of a decoder slot. */
export interface PrepareMediaInput {
  imagePath: string;
  audioPath: string;
  backgroundImagePath?: string;
  /** PNG and WAV files to write. A retry overwrites them. */
  photoPath: string;
  voicePath: string;
  /** Written only if there is a background image. */
  backgroundPath: string;
}

export interface PrepareMediaResult {
  photo: { widthPx: number; heightPx: number; format: string };
  voice: { durationS: number; sampleRateHz: number; channels: number; format: string; peakDb: number };
  /** What the user should know about the files, as sentences. */
  warnings: string[];
}
