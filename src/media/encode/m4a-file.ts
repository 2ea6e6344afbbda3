import {
  Conversion,
  FilePathSource,
  FilePathTarget,
  Input,
  Mp4OutputFormat,
  Output,
  WAVE,
  whileCodecsRun,
} from './webcodecs.ts';

/** Writes the sound of a WAV file as AAC in an MP4 of its own, piece by piece. `bitrate` in bits per second. */
export async function writeM4a(wavPath: string, m4aPath: string, bitrate: number): Promise<void> {
  using input = new Input({ source: new FilePathSource(wavPath), formats: [WAVE] });
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: false }),
    target: new FilePathTarget(m4aPath),
  });
  const conversion = await Conversion.init({
    input,
    output,
    audio: { codec: 'aac', bitrate: Math.floor(bitrate), forceTranscode: true },
    showWarnings: false,
  });
  await whileCodecsRun(conversion.execute());
}
