import { FilePathSource, Input, WAVE } from '../encode/webcodecs.ts';

/** Seconds of a WAV file, from its header. */
export async function readWavDuration(path: string): Promise<number> {
  using input = new Input({ source: new FilePathSource(path), formats: [WAVE] });
  return await input.computeDuration();
}
