/**
 * Registers codecs with Mediabunny: Mediabunny reads and writes the containers, `@napi-rs/webcodecs` (FFmpeg's
 * libraries, in this process) decodes and encodes their streams. Import Mediabunny from here.
 *
 * A running codec does not keep the process alive. If nothing else does, wrap the work in `whileCodecsRun`.
 */
import '@napi-rs/webcodecs/polyfill';
import { registerDecoder, registerEncoder } from 'mediabunny';
import { AacEncoder } from './aac-encoder.ts';
import { NativeAudioDecoder } from './native-audio-decoder.ts';
import { TransparentDecoder } from './transparent-decoder.ts';

export * from 'mediabunny';

registerDecoder(NativeAudioDecoder);
registerDecoder(TransparentDecoder);
registerEncoder(AacEncoder);

/** Keeps the process alive until the promise settles. */
export async function whileCodecsRun<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
