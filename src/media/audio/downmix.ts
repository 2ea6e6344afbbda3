/** Speaker positions of 5 to 8 channels, in the order of WAVE and FFmpeg; `-` is the subwoofer. */
const SPEAKERS: Record<number, string> = { 5: 'LRCLR', 6: 'LRC-LR', 7: 'LRC-CLR', 8: 'LRC-LRLR' };
/** Share of centre and surround speakers in each side: half their power (ITU-R BS.775). */
const SHARE = Math.SQRT1_2;

/** Keeps one or two channels, mixes surround sound to stereo, and averages any other number to mono. */
export function downmix(channels: Float32Array[]): Float32Array[] {
  if (channels.length <= 2) {
    return channels;
  }
  const speakers = SPEAKERS[channels.length];
  if (!speakers) {
    return [mix(channels, () => 1 / channels.length)];
  }
  return ['L', 'R'].map((side) =>
    mix(channels, (channel) => {
      const speaker = speakers[channel];
      if (speaker === side) {
        return channel < 2 ? 1 : SHARE;
      }
      return speaker === 'C' ? SHARE : 0;
    }),
  );
}

function mix(channels: Float32Array[], toWeight: (channel: number) => number): Float32Array {
  const mixed = new Float32Array(channels[0]!.length);
  channels.forEach((samples, channel) => {
    const weight = toWeight(channel);
    for (let index = 0; index < mixed.length; index++) {
      mixed[index]! += samples[index]! * weight;
    }
  });
  return mixed;
}
