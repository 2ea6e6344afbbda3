/** An open microphone. It stays on until `stop` or `close`. */
export interface Microphone {
  /** Undefined if the browser does not name it. */
  deviceId: string | undefined;
  /** Current loudness, 0 to 1. */
  level(): number;
  /** Begins to record. */
  record(): void;
  /** Stops and returns the recording. */
  stop(): Promise<Blob>;
  /** Stops without keeping anything. */
  close(): void;
  /** Called if the microphone is unplugged or its permission withdrawn. */
  onLost: () => unknown;
}

/** Formats that browsers record and the server reads, best first. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const ANALYSED_SAMPLES = 1024;

/**
 * Rejects if the user or the browser denies access to the microphone.
 * @param deviceId the preferred one; another one is used if it is missing
 */
export async function openMicrophone(deviceId: string | undefined): Promise<Microphone> {
  const stream = await openStream(deviceId);
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 128_000 });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const context = new AudioContext();
  // Safari starts it suspended.
  void context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = ANALYSED_SAMPLES;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(ANALYSED_SAMPLES);
  const [track] = stream.getAudioTracks();

  const release = () => {
    if (track) track.onended = null;
    for (const one of stream.getTracks()) one.stop();
    void context.close();
  };
  const microphone: Microphone = {
    deviceId: track?.getSettings().deviceId,
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // Maps -60 dB to 0 dB onto 0 to 1, because hearing is logarithmic.
      return Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-9)) / 60));
    },
    record: () => recorder.start(1_000),
    stop: () =>
      new Promise((resolve) => {
        const finish = () => {
          release();
          resolve(new Blob(parts, { type: recorder.mimeType.split(';')[0]! }));
        };
        // It stops by itself when the microphone is unplugged.
        if (recorder.state === 'inactive') {
          finish();
          return;
        }
        recorder.onstop = finish;
        recorder.stop();
      }),
    close() {
      if (recorder.state !== 'inactive') recorder.stop();
      release();
    },
    onLost() {},
  };
  if (track) track.onended = () => microphone.onLost();
  return microphone;
}

async function openStream(deviceId: string | undefined): Promise<MediaStream> {
  const wanted = { echoCancellation: false, noiseSuppression: true, autoGainControl: true };
  const open = (audio: MediaTrackConstraints) => navigator.mediaDevices.getUserMedia({ audio });
  if (deviceId === undefined) {
    return open(wanted);
  }
  try {
    // Chromium ignores a preference that is not exact.
    return await open({ ...wanted, deviceId: { exact: deviceId } });
  } catch (error) {
    if ((error as Error).name !== 'OverconstrainedError') throw error;
    return open(wanted);
  }
}

/** The microphones to choose from. Browsers name them only after one was opened. */
export async function listMicrophones(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind, label }) => kind === 'audioinput' && label !== '');
}
