import type { LadderStep } from '../../contracts/job.ts';

interface Computed {
  ladder?: LadderStep[];
}

/** The end of a stage's message, where it was computed in a cheaper way than the best: for people and the Web UI. */
export function describeLadder({ ladder = [] }: Computed): string {
  const last = ladder.at(-1);
  return last ? `; computed by ${last.to}, as ${ladder[0]!.from} failed: ${ladder[0]!.reason}` : '';
}

/** For events and results: absent where the best way held. */
export function pickLadder({ ladder }: Computed): { ladder?: LadderStep[] } {
  return ladder ? { ladder } : {};
}
