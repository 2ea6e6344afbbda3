import { SILENCE_DB } from '../../src/contracts/media-limits.ts';
import { mediaTypeOf } from './media-type.ts';

/** A recording, decoded for showing and cutting it. */
export interface DecodedVoice {
  durationS: number;
  /** The loudest sample of each of `PEAKS` equal parts, 0 to 1. */
  peaks: Float32Array;
  /** Half the distance from the smallest sample to the largest, 0 to 1. */
  swing: number;
  buffer: AudioBuffer;
}

const PEAKS = 240;
/** The highest rate the renderer uses. A lower one would lose sounds made with the lips. */
const SAMPLE_RATE = 48_000;

/** Rejects if the browser can't decode the file. The server may still be able to. */
export async function decodeVoice(file: Blob): Promise<DecodedVoice> {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const buffer = await context.decodeAudioData(await file.arrayBuffer());
  return { durationS: buffer.duration, ...measure(buffer), buffer };
}

/** Whether the server would refuse it as silent. A constant offset of the samples is no sound. */
export function isSilent({ swing }: DecodedVoice): boolean {
  return 20 * Math.log10(swing) < SILENCE_DB;
}

/** Of the louder channel, because a voice may be on the second one only. */
function measure(buffer: AudioBuffer): Pick<DecodedVoice, 'peaks' | 'swing'> {
  const peaks = new Float32Array(PEAKS);
  let swing = 0;
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    let [smallest, largest] = [samples[0] ?? 0, samples[0] ?? 0];
    for (let part = 0; part < PEAKS; part += 1) {
      const end = Math.floor(((part + 1) * samples.length) / PEAKS);
      let peak = peaks[part]!;
      for (let at = Math.floor((part * samples.length) / PEAKS); at < end; at += 1) {
        const sample = samples[at]!;
        peak = Math.max(peak, Math.abs(sample));
        smallest = Math.min(smallest, sample);
        largest = Math.max(largest, sample);
      }
      peaks[part] = peak;
    }
    swing = Math.max(swing, (largest - smallest) / 2);
  }
  return { peaks, swing };
}

/** Whether the server takes files of this type. It decodes more of them than the browser. */
export async function isRecording(file: Blob): Promise<boolean> {
  const type = await mediaTypeOf(file);
  return type?.isAccepted === true && type.kind === 'recording';
}
