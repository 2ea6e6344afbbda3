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
  voice: {
    durationS: number;
    sampleRateHz: number;
    channels: number;
    format: string;
    /** Loudest sample as it was sent, in decibels relative to full scale. */
    peakDb: number;
    /** Decibels by which a quiet voice was raised. */
    gainDb: number;
    hasSpeech: boolean;
  };
}
