/** A recording under way. */
export interface Recorder {
  /** Loudness of now, 0 to 1. */
  level(): number;
  /** Ends it and answers with what was heard. */
  stop(): Promise<Blob>;
  /** Ends it and keeps nothing. */
  discard(): void;
}

/** What browsers record, best first; all of it is read by the server. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const ANALYSED_SAMPLES = 1024;

/** Rejects where the person or the browser does not let the page hear. */
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
      // -60 dB to 0 dB as 0 to 1: ears hear by ratios.
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
