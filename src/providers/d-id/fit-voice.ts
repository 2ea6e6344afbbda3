import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../errors.ts';
import { readWavDuration } from '../../media/audio/wav-duration.ts';
import { writeM4a } from '../../media/encode/m4a-file.ts';
import type { FittedFile } from './fit-portrait.ts';
import { AUDIO_LIMITS } from './limits.ts';

/** What the container adds to the sound, and what an encoder may exceed its rate by. */
const SPARE = 0.9;
const BEST_BITRATE = 128_000;

/**
 * The recording as D-ID takes it: the WAV itself where it fits, else AAC in `folder`.
 * @throws PipelineError AUDIO_TOO_LONG before any work.
 */
export async function fitVoice(wavPath: string, folder: string): Promise<FittedFile> {
  const durationS = await readWavDuration(wavPath);
  if (durationS > AUDIO_LIMITS.durationS) {
    throw new PipelineError(
      'AUDIO_TOO_LONG',
      `Expected a recording of at most 10 minutes for D-ID and received ${(durationS / 60).toFixed(1)}. Shorten it, or use provider=local.`,
    );
  }
  if ((await stat(wavPath)).size <= AUDIO_LIMITS.bytes) {
    return { path: wavPath, type: 'audio/wav', name: 'voice.wav' };
  }
  const path = join(folder, 'voice.m4a');
  await writeM4a(wavPath, path, Math.min(BEST_BITRATE, (AUDIO_LIMITS.bytes * 8 * SPARE) / durationS));
  return { path, type: 'audio/mp4', name: 'voice.m4a' };
}
