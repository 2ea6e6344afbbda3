/** A recording, decoded for showing and cutting it. */
export interface DecodedVoice {
  durationS: number;
  /** The loudest sample of each of `PEAKS` equal parts, 0 to 1. */
  peaks: Float32Array;
  buffer: AudioBuffer;
}

const PEAKS = 240;
/** The highest rate the renderer uses. A lower one would lose sounds made with the lips. */
const SAMPLE_RATE = 48_000;
/** Quieter recordings count as silent: about -46 dB. */
const SILENCE = 0.005;

/** Rejects if the browser can't decode the file. The server may still be able to. */
export async function decodeVoice(file: Blob): Promise<DecodedVoice> {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const buffer = await context.decodeAudioData(await file.arrayBuffer());
  return { durationS: buffer.duration, peaks: toPeaks(buffer), buffer };
}

export function isSilent({ peaks }: DecodedVoice): boolean {
  return peaks.every((peak) => peak < SILENCE);
}

function toPeaks(buffer: AudioBuffer): Float32Array {
  const peaks = new Float32Array(PEAKS);
  const samples = buffer.getChannelData(0);
  for (let part = 0; part < PEAKS; part += 1) {
    const end = Math.floor(((part + 1) * samples.length) / PEAKS);
    let peak = 0;
    for (let at = Math.floor((part * samples.length) / PEAKS); at < end; at += 1) {
      peak = Math.max(peak, Math.abs(samples[at]!));
    }
    peaks[part] = peak;
  }
  return peaks;
}
