/** Input of a decoder slot. */
export type DecoderInput = PreparePhotoInput | PrepareMediaInput;
export type DecoderResult = PreparePhotoResult | PrepareMediaResult;

/** A photo alone. */
export interface PreparePhotoInput {
  imagePath: string;
  /** PNG file to write. A retry overwrites it. */
  photoPath: string;
  /** Larger photos are reduced to it. Default: no limit. */
  longSidePx?: number;
}

export interface PreparePhotoResult {
  photo: PreparedPhoto & { wholeWidthPx: number; wholeHeightPx: number };
  warnings: string[];
}

interface PreparedPhoto {
  widthPx: number;
  heightPx: number;
  format: string;
}

/** The files of a job. */
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
  photo: PreparedPhoto;
  voice: { durationS: number; sampleRateHz: number; channels: number; format: string; peakDb: number };
  /** What the user should know about the files, as sentences. */
  warnings: string[];
}
