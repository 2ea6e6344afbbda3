import { smoothstep } from '../curves.ts';

/** The lid closes, rests, and opens more slowly. */
const DOWN_S = 0.08;
const CLOSED_S = 0.04;
const UP_S = 0.15;
const DOUBLE_SHARE = 0.12;
const DOUBLE_AFTER_S = 0.45;

/** Start times of blinks in seconds: every 2.0 to 4.8 s, some of them double. */
export function blinkTimes(durationS: number, random: () => number): number[] {
  const times: number[] = [];
  let at = 0.8 + 2 * random();
  while (at < durationS - (DOWN_S + CLOSED_S + UP_S)) {
    times.push(at);
    if (random() < DOUBLE_SHARE) {
      times.push(at + DOUBLE_AFTER_S);
    }
    at += 2 + 2.8 * random();
  }
  return times;
}

/** Position of the lids: 0 open, 1 closed. */
export function lidsAt(times: number[], timeS: number): number {
  const start = times.findLast((time) => time <= timeS);
  if (start === undefined) {
    return 0;
  }
  const since = timeS - start;
  return smoothstep(0, DOWN_S, since) * (1 - smoothstep(DOWN_S + CLOSED_S, DOWN_S + CLOSED_S + UP_S, since));
}
