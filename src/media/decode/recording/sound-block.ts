/** Consecutive sound: one array per channel, all of the same length, -1 to 1. */
export interface SoundBlock {
  sampleRateHz: number;
  channels: Float32Array[];
}

/** A track of a recording, decoded piece by piece from its start each time. */
export type SoundTrack = () => AsyncGenerator<SoundBlock>;
