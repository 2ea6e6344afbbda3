/**
 * The one place that gives Mediabunny its codecs: Mediabunny parses and writes files, `@napi-rs/webcodecs` (FFmpeg's
 * libraries, in this process) decodes and encodes what is in them. Import Mediabunny from here.
 *
 * A codec at work does not keep the process alive: a program that has nothing else to wait for wraps its work in
 * `whileCodecsRun`.
 */
import '@napi-rs/webcodecs/polyfill';
import { registerDecoder, registerEncoder } from 'mediabunny';
import { AacEncoder } from './aac-encoder.ts';
import { NativeAudioDecoder } from './native-audio-decoder.ts';
import { TransparentDecoder } from './transparent-decoder.ts';
import { VorbisDecoder } from './vorbis-decoder.ts';

export * from 'mediabunny';

registerDecoder(NativeAudioDecoder);
registerDecoder(VorbisDecoder);
registerDecoder(TransparentDecoder);
registerEncoder(AacEncoder);

/** Keeps the process alive until the work has ended. */
export async function whileCodecsRun<T>(work: Promise<T>): Promise<T> {
  const pulse = setInterval(() => {}, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(pulse);
  }
}
