import { clamp } from '../../../clamp.ts';
import { FEATURE_RATE_HZ } from '../../../media/voice/voice-features.ts';
import { mean } from '../../../series.ts';
import type { MouthShapes } from '../voice/mouth-shapes.ts';
import type { MouthParameter, Pose } from './pose.ts';

/** `lipOnTeeth` is for `holdOpenMouth`: it keeps the lower lip up. */
export type MouthPose = Pick<Pose, MouthParameter> & { lipOnTeeth: number };

/** The lips lead the sound, as in people. */
const LEAD_S = 0.03;
/** A frame covers this much sound on both sides. */
const REACH_S = 0.02;
/** In full openings. */
const MAX_JAW_SPEED_PER_S = 8.5;
/** Closure of the frames next to a closed one. */
const BESIDE_CLOSURE = 0.38;

/** Converts mouth shapes to frames of a mouth that is closed at rest. */
export function mouthTrackOf(
  shapes: MouthShapes,
  { frames, framesPerS, reach }: { frames: number; framesPerS: number; reach: number },
): MouthPose[] {
  const at = (series: Float32Array, frame: number, pick: (window: Float32Array) => number) => {
    const centre = (frame / framesPerS + LEAD_S) * FEATURE_RATE_HZ;
    const [from, to] = [centre - REACH_S * FEATURE_RATE_HZ, centre + REACH_S * FEATURE_RATE_HZ];
    const window = series.subarray(Math.max(0, Math.round(from)), Math.round(to) + 1);
    return window.length > 0 ? pick(window) : 0;
  };
  const perFrame = (series: Float32Array, pick: (window: Float32Array) => number) =>
    Float32Array.from({ length: frames }, (_, frame) => at(series, frame, pick));

  // A closure may be shorter than a frame: take the peak, so that none falls between two frames.
  const close = withNeighbours(perFrame(shapes.close, (window) => Math.max(...window)));
  const lipOnTeeth = perFrame(shapes.lipOnTeeth, (window) => Math.max(...window));
  const sibilant = perFrame(shapes.sibilant, mean);
  const wide = perFrame(shapes.wide, mean);
  const jaw = limited(
    perFrame(shapes.jaw, mean).map(
      (value, i) => Math.max(value, 0.1 * sibilant[i]!, 0.09 * lipOnTeeth[i]!) * (1 - 0.95 * close[i]!),
    ),
    MAX_JAW_SPEED_PER_S / framesPerS,
  );
  return Array.from({ length: frames }, (_, i) => {
    const open = 1 - close[i]!;
    const [spread, round] = [Math.max(0, wide[i]!), Math.max(0, -wide[i]!)];
    return {
      jaw: reach * jaw[i]!,
      wide: reach * (0.26 * spread - 0.3 * round) * open,
      thick: 0.7 * round * open,
      upperRaise: (0.18 * jaw[i]! + 0.28 * sibilant[i]! + 0.25 * lipOnTeeth[i]!) * open,
      lowerDrop:
        (0.55 * sibilant[i]! * (1 - lipOnTeeth[i]!) +
          0.3 * spread * Math.min(1, jaw[i]! / 0.15) +
          0.15 * jaw[i]!) *
        open,
      lipOnTeeth: lipOnTeeth[i]! * open,
      close: 0,
      cheeks: reach * Math.min(1, 0.9 * spread + 0.35 * sibilant[i]! + 0.3 * jaw[i]!) * open,
      press: 0.7 * close[i]!,
    };
  });
}

function withNeighbours(close: Float32Array): Float32Array {
  return close.map((value, i) =>
    Math.max(value, BESIDE_CLOSURE * Math.max(close[i - 1] ?? 0, close[i + 1] ?? 0)),
  );
}

/** Limits the steps of the jaw in both directions. */
function limited(values: Float32Array, step: number): Float32Array {
  const result = values.slice();
  for (let i = 1; i < result.length; i += 1) {
    result[i] = clamp(result[i]!, result[i - 1]! - step, result[i - 1]! + step);
  }
  return result;
}
