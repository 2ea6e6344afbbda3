/** A recording, decoded for showing and cutting it. */
export interface DecodedVoice {
  durationS: number;
  /** The loudest sample of each of `PEAKS` equal parts, 0 to 1. */
  peaks: Float32Array;
  buffer: AudioBuffer;
}

const HEAD_BYTES = 12;
/** WAV, MP3 with tags, FLAC, OGG, WebM and Matroska. */
const STARTS = ['RIFF', 'ID3', 'fLaC', 'OggS', '\x1a\x45\xdf\xa3'];
/** The first box of MP4 and related formats. */
const BOXES = ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'];
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

/** Checks the first bytes of files that the browser can't decode. The server makes the final decision. */
export async function looksLikeRecording(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const text = String.fromCharCode(...head);
  const isMpegFrame = head[0] === 0xff && (head[1]! & 0xe0) === 0xe0;
  return (
    isMpegFrame ||
    STARTS.some((start) => text.startsWith(start)) ||
    BOXES.some((box) => text.startsWith(box, 4))
  );
}
