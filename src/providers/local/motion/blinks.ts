import { smoothstep } from '../curves.ts';

/** In seconds: the lid closes, rests, and opens more slowly. */
const DOWN = 0.08;
const CLOSED = 0.04;
const UP = 0.15;
const DOUBLE = 0.12;
const DOUBLE_AFTER = 0.45;

/** Start times of blinks in seconds: every 2.0 to 4.8 s, some of them double. */
export function blinkTimes(durationS: number, random: () => number): number[] {
  const times: number[] = [];
  let at = 0.8 + 2 * random();
  while (at < durationS - (DOWN + CLOSED + UP)) {
    times.push(at);
    if (random() < DOUBLE) {
      times.push(at + DOUBLE_AFTER);
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
  return smoothstep(0, DOWN, since) * (1 - smoothstep(DOWN + CLOSED, DOWN + CLOSED + UP, since));
}
