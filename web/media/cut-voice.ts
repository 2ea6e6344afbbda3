const HEADER_BYTES = 44;
const PCM = 1;

/** Cuts a part of a recording into a mono WAV file with 16 bits. */
export function cutVoice(buffer: AudioBuffer, fromS: number, toS: number): Blob {
  const { sampleRate, numberOfChannels } = buffer;
  const from = Math.floor(fromS * sampleRate);
  const to = Math.min(buffer.length, Math.ceil(toS * sampleRate));
  const channels = Array.from({ length: numberOfChannels }, (_, index) => buffer.getChannelData(index));
  const signs = channels.map((samples) => (isOpposite(channels[0]!, samples) ? -1 : 1));
  const dataBytes = (to - from) * 2;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + dataBytes));
  const text = (at: number, word: string) => {
    for (const [index, letter] of [...word].entries()) view.setUint8(at + index, letter.charCodeAt(0));
  };
  text(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);
  for (let at = from; at < to; at += 1) {
    const mixed =
      channels.reduce((sum, samples, index) => sum + signs[index]! * samples[at]!, 0) / channels.length;
    view.setInt16(HEADER_BYTES + (at - from) * 2, Math.max(-1, Math.min(1, mixed)) * 0x7fff, true);
  }
  return new Blob([view], { type: 'audio/wav' });
}

/** Whether one channel is the other turned over, so that a sum would cancel the voice. An offset or a rumble in both counts little. */
function isOpposite(first: Float32Array, second: Float32Array): boolean {
  let both = 0;
  for (let at = 1; at < first.length; at += 1) {
    both += (first[at]! - first[at - 1]!) * (second[at]! - second[at - 1]!);
  }
  return both < 0;
}
