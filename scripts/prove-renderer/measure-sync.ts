import { spawn } from 'node:child_process';
import { boundsOf } from '../../src/inference/face/face-landmarks.ts';
import { openWav } from '../../src/media/audio/wav.ts';
import { whileCodecsRun } from '../../src/media/codecs/webcodecs.ts';
import { readMono } from '../../src/media/voice/mono-voice.ts';
import { voiceFeaturesOf } from '../../src/media/voice/voice-features.ts';
import type { TalkRequest } from '../../src/ports/video-provider.ts';
import { eyeDistance } from '../../src/providers/local/face/face-points.ts';
import { renderTalk } from '../../src/providers/local/render-talk.ts';
import type { TalkModels } from '../../src/providers/local/talk-models.ts';
import { smoothSeries } from '../../src/series.ts';

export interface Sync {
  /** Correlation of the opening between the lips with the loudness of the voice, over all frames. */
  r: number;
  /** The 95th percentile of the same with the voice shifted in a circle. */
  byChance: number;
  /** Offset with the highest correlation, in frames. Below 0 the mouth is early. */
  lagFrames: number;
  /** The largest opening during silence, relative to the largest of all. */
  openInSilence: number;
  isClosedAtRest: boolean;
}

const FRAMES_PER_S = 25;
const OPTIONS = { longSidePx: 512, mark: true, provenance: true };
/** Opening of lips that touch, relative to the distance of the eyes. */
const CLOSED = 0.03;
/** Frames on both sides of silence in which a mouth may still be closing. */
const AROUND = 5;

export async function measureSync(models: TalkModels, request: TalkRequest, path: string): Promise<Sync> {
  const talk = await whileCodecsRun(renderTalk(models, request, path, OPTIONS, () => {}));
  const openings = await measureOpenings(models, path, talk);
  const loudness = await loudnessOf(request.voicePath, openings.length);
  const shifted = Array.from({ length: openings.length - 50 }, (_, i) =>
    Math.abs(correlation(openings, rotated(loudness, i + 25))),
  ).sort((a, b) => a - b);
  const lags = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5];
  const byLag = lags.map((lag) => correlation(openings, rotated(loudness, -lag)));
  const rest = openings[0]!;
  const most = Math.max(...openings) - rest;
  const silent = openings.filter((_, frame) =>
    loudness.slice(Math.max(0, frame - AROUND), frame + AROUND + 1).every((value) => value < 0.02),
  );
  return {
    r: correlation(openings, loudness),
    byChance: shifted[Math.floor(0.95 * shifted.length)]!,
    lagFrames: lags[byLag.indexOf(Math.max(...byLag))]!,
    openInSilence: silent.length > 0 ? (Math.max(...silent) - rest) / most : 0,
    isClosedAtRest: rest < CLOSED,
  };
}

/** Between the inner lips, in distances of the eyes, frame by frame of the decoded video. */
async function measureOpenings(
  { detector, landmarker }: TalkModels,
  path: string,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): Promise<number[]> {
  const openings: number[] = [];
  let box: [number, number, number, number] | undefined;
  for await (const bytes of decodeFrames(path, widthPx * heightPx * 3)) {
    const picture = { widthPx, heightPx, channels: 3 as const, bytes };
    box ??= (await detector.detect(picture, 0.3))[0]!.box;
    const { points } = await landmarker.locate(picture, box);
    box = boundsOf(points);
    openings.push(Math.hypot(points[42]! - points[39]!, points[43]! - points[40]!) / eyeDistance(points));
  }
  return openings;
}

async function* decodeFrames(path: string, frameBytes: number): AsyncGenerator<Uint8Array> {
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let pending = Buffer.alloc(0);
  for await (const chunk of ffmpeg.stdout) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= frameBytes) {
      yield new Uint8Array(pending.subarray(0, frameBytes));
      pending = pending.subarray(frameBytes);
    }
  }
}

/** 0 to 1 a frame. */
async function loudnessOf(voicePath: string, frames: number): Promise<number[]> {
  await using voice = await openWav(voicePath);
  const { loudness } = voiceFeaturesOf(await readMono(voice));
  const smooth = smoothSeries(loudness, 2);
  return Array.from({ length: frames }, (_, frame) => smooth[(frame * 100) / FRAMES_PER_S] ?? 0);
}

/** Rotates the series. */
function rotated(values: number[], by: number): number[] {
  const count = values.length;
  return values.map((_, i) => values[(((i + by) % count) + count) % count]!);
}

function correlation(a: number[], b: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, i) => (value - meanA) * (b[i]! - meanB)));
  return covariance / Math.sqrt(mean(a.map((v) => (v - meanA) ** 2)) * mean(b.map((v) => (v - meanB) ** 2)));
}
