import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createSileroVoiceActivity,
  VOICE_ACTIVITY_KINDS,
} from '../../../src/inference/speech/silero-voice-activity.ts';
import { createResampler, type Resampler } from '../../../src/media/audio/resampler.ts';
import { openRecording } from '../../../src/media/decode/recording/open-recording.ts';
import { readSpeechNets, type SpeechNets } from '../../../src/media/voice/speech-nets.ts';
import { SAMPLE_RATE_HZ } from '../../../src/media/voice/voice-features.ts';
import { findModelFile } from '../../../src/models/find-model.ts';
import { motionOf } from '../../../src/providers/local/motion/motion.ts';
import type { Pose } from '../../../src/providers/local/motion/pose.ts';
import { seededRandom } from '../../../src/providers/local/motion/seeded-random.ts';
import { analyseVoice, type VoiceAnalysis } from '../../../src/providers/local/voice/analyse-voice.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir, modelsDir } from '../../harness/shared-media.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
/** Seconds in which the lips of `labials.flac` are closed for p, b and m, from the synthesiser. */
const CLOSURES = JSON.parse(readFileSync(fixture('labials.json'), 'utf8')) as Array<[number, number]>;
const FRAMES_PER_S = 25;
/** Pressed lips, or a jaw that leaves no visible gap. */
const isClosed = ({ press, jaw }: Pose) => press > 0.4 || jaw < 0.02;

let nets: SpeechNets;
let labials: Float32Array;
beforeAll(async () => {
  nets = await readSpeechNets();
  labials = await decode(fixture('labials.flac'));
});

describe('the lips', () => {
  it('close for p, b and m of unseen voices and sentences nine times out of ten', async () => {
    const poses = posesOf(await analyseVoice(labials, nets), labials.length);

    const closed = CLOSURES.filter(([from, to]) => {
      // A frame shows the sound of 30 ms later.
      const [first, last] = [Math.floor((from - 0.05) * FRAMES_PER_S), Math.ceil(to * FRAMES_PER_S)];
      return poses.slice(Math.max(0, first), last + 1).some(isClosed);
    });
    expect(closed.length / CLOSURES.length).toBeGreaterThanOrEqual(0.9);
  });

  it('stay apart in most of the time between', async () => {
    const { gate, ...heard } = await analyseVoice(labials, nets);
    const poses = posesOf({ gate, ...heard }, labials.length);

    const between = poses.filter((_, frame) => {
      const time = frame / FRAMES_PER_S + 0.03;
      const speaks = gate.open[Math.round(100 * time)]! > 0.9;
      return speaks && !CLOSURES.some(([from, to]) => time > from - 0.06 && time < to + 0.06);
    });
    expect(between.length).toBeGreaterThan(100);
    expect(between.filter(({ press }) => press > 0.4).length / between.length).toBeLessThan(0.08);
  });

  it('move more for a louder voice', async () => {
    const { shapes, gate } = await analyseVoice(labials, nets);
    expect(correlation(shapes.jaw, gate.loudness)).toBeGreaterThan(0.5);
  });
});

describe('the mouth stays shut', () => {
  const random = seededRandom('noise');
  const white = () => Float32Array.from({ length: 5 * SAMPLE_RATE_HZ }, () => 0.4 * (random() - 0.5));
  const mostJaw = async (mono: Float32Array) => Math.max(...(await analyseVoice(mono, nets)).shapes.jaw);

  it('in digital silence', async () => {
    expect(await mostJaw(new Float32Array(3 * SAMPLE_RATE_HZ))).toBe(0);
  });

  it('in hiss and in rumble', async () => {
    let sum = 0;
    const rumble = white().map((value) => (sum = 0.98 * sum + 0.1 * value));

    expect(await mostJaw(white())).toBeLessThan(0.02);
    expect(await mostJaw(rumble)).toBeLessThan(0.02);
  });

  it('in chords', async () => {
    expect(await mostJaw(chords(6))).toBeLessThan(0.02);
  });

  it('in hiss between two sentences, and opens for both', async () => {
    const speech = labials.subarray(0, 3 * SAMPLE_RATE_HZ);
    const hiss = white().map((value) => 0.1 * value);
    const mono = new Float32Array(speech.length * 2 + hiss.length);
    mono.set(speech);
    mono.set(hiss, speech.length);
    mono.set(speech, speech.length + hiss.length);

    const { shapes } = await analyseVoice(mono, nets);

    const most = (fromS: number, toS: number) => Math.max(...shapes.jaw.subarray(100 * fromS, 100 * toS));
    expect(most(4, 7)).toBeLessThan(0.02);
    expect(Math.min(most(0, 3), most(8, 11))).toBeGreaterThan(0.3);
  });

  needs('MEDIA_DIR').it('in music of real instruments', async () => {
    expect(await mostJaw(await decode(`${mediaDir}/audio/bach_music.ogg`))).toBeLessThan(0.02);
  });

  needs('MODELS_DIR', 'MEDIA_DIR').it('in music, and opens for people, by Silero too', async () => {
    const folders = { dir: modelsDir, cacheDir: '/nowhere' };
    const model = await findModelFile('voice-activity', VOICE_ACTIVITY_KINDS, folders);
    const detect = await createSileroVoiceActivity(model!, { threads: 1 });
    const openIn = async (name: string) =>
      mean((await analyseVoice(await decode(`${mediaDir}/audio/${name}`), nets, detect)).gate.open);

    expect(await openIn('bach_music.ogg')).toBeLessThan(0.02);
    expect(await openIn('jfk.wav')).toBeGreaterThan(0.55);
  });

  needs('MEDIA_DIR').it('but not while real people speak', async () => {
    for (const name of ['librispeech_198-209-0000.ogg', 'librispeech_3436-172162-0000.ogg', 'jfk.wav']) {
      const { gate } = await analyseVoice(await decode(`${mediaDir}/audio/${name}`), nets);
      expect(mean(gate.open), name).toBeGreaterThan(0.55);
    }
  });
});

function posesOf(heard: VoiceAnalysis, samples: number): Pose[] {
  const frames = Math.round((samples / SAMPLE_RATE_HZ) * FRAMES_PER_S);
  const poseAt = motionOf(heard, {
    frames,
    framesPerS: FRAMES_PER_S,
    seed: 'a',
    mouthOpen: false,
    grins: false,
    reach: 1,
    stillHead: false,
  });
  return Array.from({ length: frames }, (_, frame) => poseAt(frame));
}

async function decode(path: string): Promise<Float32Array> {
  using recording = await openRecording(path);
  const pieces: Float32Array[] = [];
  let resampler: Resampler | undefined;
  for await (const { channels, sampleRateHz } of recording.tracks[0]!()) {
    if (sampleRateHz !== SAMPLE_RATE_HZ) {
      resampler ??= createResampler(sampleRateHz, SAMPLE_RATE_HZ);
    }
    pieces.push(resampler?.push(channels[0]!) ?? channels[0]!);
  }
  const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Three sustained tones with overtones, another chord each second. */
function chords(seconds: number): Float32Array {
  const roots = [220, 247, 196, 262, 175, 220];
  return Float32Array.from({ length: seconds * SAMPLE_RATE_HZ }, (_, i) => {
    const time = i / SAMPLE_RATE_HZ;
    const root = roots[Math.floor(time) % roots.length]!;
    let value = 0;
    for (const ratio of [1, 1.25, 1.5]) {
      for (let overtone = 1; overtone <= 6; overtone += 1) {
        value += Math.sin(2 * Math.PI * root * ratio * overtone * time) / overtone;
      }
    }
    return 0.08 * value * Math.exp(-1.5 * (time % 1));
  });
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlation(a: Float32Array, b: Float32Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const sum = (of: (i: number) => number) => a.reduce((total, _, i) => total + of(i), 0);
  const [da, db] = [(i: number) => a[i]! - meanA, (i: number) => b[i]! - meanB];
  return sum((i) => da(i) * db(i)) / Math.sqrt(sum((i) => da(i) ** 2) * sum((i) => db(i) ** 2));
}
