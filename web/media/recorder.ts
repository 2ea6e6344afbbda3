/** A recording in progress. */
export interface Recorder {
  /** Current loudness, 0 to 1. */
  level(): number;
  /** Stops and returns the recording. */
  stop(): Promise<Blob>;
  /** Stops without keeping anything. */
  discard(): void;
}

/** Formats that browsers record and the server reads, best first. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const ANALYSED_SAMPLES = 1024;

/** Rejects if the user or the browser denies access to the microphone. */
export async function startRecorder(): Promise<Recorder> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: true, autoGainControl: true },
  });
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 128_000 });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = ANALYSED_SAMPLES;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(ANALYSED_SAMPLES);
  recorder.start(1_000);

  const release = () => {
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // Maps -60 dB to 0 dB onto 0 to 1, because hearing is logarithmic.
      return Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-9)) / 60));
    },
    stop: () =>
      new Promise((resolve) => {
        recorder.onstop = () => {
          release();
          resolve(new Blob(parts, { type: recorder.mimeType.split(';')[0]! }));
        };
        recorder.stop();
      }),
    discard() {
      recorder.onstop = null;
      recorder.stop();
      release();
    },
  };
}
