import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openRecording } from '../../../src/media/decode/recording/open-recording.ts';
import type { SmallNet } from '../../../src/media/voice/small-net.ts';
import { voiceActivityOf } from '../../../src/media/voice/voice-activity.ts';
import { SAMPLE_RATE_HZ, voiceFeaturesOf } from '../../../src/media/voice/voice-features.ts';
import { voiceGateOf } from '../../../src/media/voice/voice-gate.ts';
import { mouthShapesOf } from '../../../src/providers/local/voice/mouth-shapes.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
/** Rows of the networks' inputs at some frames, as `models/train/speech/write_parity.py` computes them. */
const trained = JSON.parse(readFileSync(fixture('voice-features.json'), 'utf8')) as {
  seconds: number;
  frames: number[];
  shapes: number[][];
  voice: number[][];
};
/** For values from -4 to 3. The two sides compute quantiles differently, and spectra in 32 or in 64 bits. */
const TOLERANCE = 0.03;

it('the networks get the features they were trained on', async () => {
  const mono = await firstSeconds(fixture('labials.flac'), trained.seconds);
  const features = voiceFeaturesOf(mono);
  const voice = recorder();
  const shapes = recorder();

  const activity = voiceActivityOf(mono, features, voice.net);
  mouthShapesOf(features, voiceGateOf(features, activity), shapes.net);

  expect([voice.rows.length, shapes.rows.length]).toEqual([features.count, features.count]);
  for (const [rows, expected] of [
    [shapes.rows, trained.shapes],
    [voice.rows, trained.voice],
  ] as const) {
    trained.frames.forEach((frame, i) => {
      const off = expected[i]!.map((value, k) => Math.abs(value - rows[frame]![k]!));
      expect(rows[frame]!.length).toBe(expected[i]!.length);
      expect(Math.max(...off), `frame ${frame}`).toBeLessThan(TOLERANCE);
    });
  }
});

/** A network that keeps its inputs, and always detects speech. */
function recorder() {
  const rows: Float32Array[] = [];
  const net: SmallNet = (inputs, outputs) => {
    rows.push(inputs.slice());
    outputs.fill(1);
  };
  return { rows, net };
}

async function firstSeconds(path: string, seconds: number): Promise<Float32Array> {
  const mono = new Float32Array(seconds * SAMPLE_RATE_HZ);
  using recording = await openRecording(path);
  let at = 0;
  for await (const { channels } of recording.tracks[0]!()) {
    const piece = channels[0]!.subarray(0, mono.length - at);
    mono.set(piece, at);
    at += piece.length;
    if (at === mono.length) {
      break;
    }
  }
  return mono;
}
