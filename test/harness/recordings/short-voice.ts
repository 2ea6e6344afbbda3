import { toWav } from '../api/job-form-data.ts';

const RATE_HZ = 16_000;
const SECONDS = 0.6;

/** 0.6 s of a tone, another one for each number, so that no job is answered from another's video. */
export function shortVoice(number: number): Blob {
  const length = RATE_HZ * SECONDS;
  const samples = Int16Array.from({ length }, (_, index) => {
    const swell = Math.sin((Math.PI * index) / length);
    return Math.round(12_000 * swell * Math.sin((2 * Math.PI * (140 + number) * index) / RATE_HZ));
  });
  return new Blob([new Uint8Array(toWav(samples))], { type: 'audio/wav' });
}
