import type { ModelFile } from '../../models/find-model.ts';
import { openSession } from '../runtime/session.ts';

/** Kinds for `findModelFile`. */
export const VOICE_ACTIVITY_KINDS = ['speech-probability'] as const;

const SAMPLE_RATE_HZ = 16_000;
/** Samples of one inference, and of the one before that precede them. */
const CHUNK = 512;
const CONTEXT = 64;
const STATE = [2, 1, 128] as const;
/** Probabilities per second in the result. */
const RATE_HZ = 100;

/**
 * Runs Silero VAD (v5): `input`, `state` and `sr` to a probability for each 32 ms. @see
 * https://github.com/snakers4/silero-vad
 */
export async function createSileroVoiceActivity(
  model: ModelFile,
  options: { threads: number },
): Promise<(mono: Float32Array) => Promise<Float32Array>> {
  const session = await openSession(model, options);
  const rate = { data: BigInt64Array.of(BigInt(SAMPLE_RATE_HZ)), dims: [] };

  return async (mono) => {
    let state = new Float32Array(STATE[0] * STATE[1] * STATE[2]);
    const chunks = Math.ceil(mono.length / CHUNK);
    const probabilities = new Float32Array(chunks);
    const input = new Float32Array(CONTEXT + CHUNK);
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      input.copyWithin(0, CHUNK);
      input.fill(0, CONTEXT);
      input.set(mono.subarray(chunk * CHUNK, (chunk + 1) * CHUNK), CONTEXT);
      const [output, next] = await session.run(
        { input: { data: input, dims: [1, CONTEXT + CHUNK] }, state: { data: state, dims: STATE }, sr: rate },
        ['output', 'stateN'],
      );
      probabilities[chunk] = output!.data[0]!;
      state = Float32Array.from(next!.data);
    }
    const count = Math.floor((mono.length * RATE_HZ) / SAMPLE_RATE_HZ) + 1;
    return Float32Array.from({ length: count }, (_, i) => {
      const chunk = Math.floor((i * SAMPLE_RATE_HZ) / RATE_HZ / CHUNK);
      return probabilities[Math.min(chunk, chunks - 1)] ?? 0;
    });
  };
}
