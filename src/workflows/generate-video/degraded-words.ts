import type { Fallback } from '../../contracts/schemas/job-outcome.ts';

interface Computed {
  fallbacks?: Fallback[];
}

/** The end of a stage's message, where it was computed in a cheaper way than the best: for people and the Web UI. */
export function describeFallbacks({ fallbacks = [] }: Computed): string {
  const last = fallbacks.at(-1);
  return last ? `; computed by ${last.to}, as ${fallbacks[0]!.from} failed: ${fallbacks[0]!.reason}` : '';
}

/** For events and results: absent where the best way held. */
export function pickFallbacks({ fallbacks }: Computed): { fallbacks?: Fallback[] } {
  return fallbacks ? { fallbacks } : {};
}
