import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../src/slots/slot-child.ts';
import { mediaDir, modelsDir } from '../test/harness/shared-media.ts';
import type { Bench, Row } from './bench.ts';

const RENDERER = fileURLToPath(new URL('./renderer/render-once.ts', import.meta.url));

export interface Rendering {
  videoS: number;
  wallS: number;
  cpuMs: number;
  peakMb: number;
}

export const renderer: Bench = {
  name: 'renderer',
  title: 'the built-in renderer in a slot that has run before: u2_man.jpg, cut square, with jfk.wav (11 s)',
  unavailable: () => (modelsDir && mediaDir ? undefined : 'set MODELS_DIR and MEDIA_DIR'),
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'limelight-renderer-'));
    try {
      const short = render(folder, 512, 1);
      const large = render(folder, 1080, 1);
      const long = render(folder, 512, 10);
      return [
        { what: '512 x 512: seconds of video a second', value: speed(short), unit: 'x', atLeast: 2.5 },
        { what: '512 x 512: CPU a frame', value: perFrame(short), unit: 'ms' },
        { what: '512 x 512: peak memory', value: short.peakMb, unit: 'MB', atMost: 400 },
        { what: '1080 x 1080: seconds of video a second', value: speed(large), unit: 'x' },
        { what: '1080 x 1080: peak memory', value: large.peakMb, unit: 'MB' },
        { what: '110 s of video: seconds of video a second', value: speed(long), unit: 'x', atLeast: 2.5 },
        { what: '110 s of video: peak memory', value: long.peakMb, unit: 'MB', atMost: 400 },
        {
          what: 'CPU a frame, 110 s over 11 s',
          value: perFrame(long) / perFrame(short),
          unit: 'x',
          atMost: 1.1,
        },
      ] satisfies Row[];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function render(folder: string, sidePx: number, repeats: number): Rendering {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...NODE_FLAGS, RENDERER, folder, String(sidePx), String(repeats)],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    throw new Error(`The renderer ended with ${status}: ${stderr}`);
  }
  return JSON.parse(stdout) as Rendering;
}

const speed = ({ videoS, wallS }: Rendering) => videoS / wallS;
const perFrame = ({ videoS, cpuMs }: Rendering) => cpuMs / (25 * videoS);
