import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { freePort } from '../../../src/cli/stack/free-port.ts';
import { createWavWriter, readWav } from '../../../src/media/audio/wav.ts';
import { startWorkerStack } from '../stack/worker-stack.ts';
import { untilReady } from '../until-ready.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const API_MAIN = join(ROOT, 'src/api/main.ts');
export const SAMPLE_PHOTO = join(ROOT, 'samples/portrait.jpg');
export const SAMPLE_VOICE = join(ROOT, 'samples/voice.wav');
const LONG_VOICE_S = 40;

export interface PageStack extends AsyncDisposable {
  /** URL of the page. */
  url: string;
  /** Kills the API, like a power cut. */
  killApi(): Promise<void>;
  startApi(): Promise<void>;
  files: {
    shortVoice: string;
    /** Its video takes longer to render than anything a test does meanwhile. */
    longVoice: string;
    twoPersons: string;
    hills: string;
  };
}

/** A complete stack with the starter models, and an API in a separate process that can be killed. */
export async function startPageStack(voiceS = 1.2): Promise<PageStack> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'limelight-browser-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const models = { MODELS_DIR: join(ROOT, 'models') };
  const stack = resources.use(await startWorkerStack(models));
  const port = await freePort();
  let api: ChildProcess | undefined;

  const startApi = async () => {
    api = spawn(process.execPath, [API_MAIN], {
      cwd: folder,
      stdio: 'ignore',
      env: {
        ...process.env,
        ...models,
        STORAGE_ROOT: stack.roots.api,
        ...stack.server.env,
        API_PORT: String(port),
        CUDA_VISIBLE_DEVICES: `test-${randomUUID()}`,
        TEMPORAL_UI_URL: 'http://127.0.0.1:8233',
        LOG_LEVEL: 'silent',
      },
    });
    await untilReady(`http://127.0.0.1:${port}/health/ready`);
  };
  const killApi = async () => {
    const dead = api && once(api, 'exit');
    api?.kill('SIGKILL');
    await dead;
  };
  await startApi();
  resources.defer(killApi);

  const files = {
    shortVoice: join(folder, 'hello.wav'),
    longVoice: join(folder, 'speech.wav'),
    twoPersons: join(folder, 'two.jpg'),
    hills: join(folder, 'hills.png'),
  };
  await speak(files.shortVoice, voiceS);
  await speak(files.longVoice, LONG_VOICE_S);
  await placeTwice(files.twoPersons);
  await paintHills(files.hills);
  const owned = resources.move();
  return {
    url: `http://127.0.0.1:${port}/`,
    killApi,
    startApi,
    files,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Repeats the sample voice to the given length. */
async function speak(path: string, seconds: number): Promise<void> {
  const { sampleRateHz, channels } = await readWav(SAMPLE_VOICE);
  const sample = channels[0]!;
  const speech = new Float32Array(Math.round(seconds * sampleRateHz));
  for (let at = 0; at < speech.length; at += sample.length) {
    speech.set(sample.subarray(0, speech.length - at), at);
  }
  await using writer = await createWavWriter(path, { sampleRateHz, channels: 1 });
  await writer.write(speech);
  await writer.finish();
}

/** The sample portrait beside its mirror image: two people, and neither is real. */
async function placeTwice(path: string): Promise<void> {
  const [left, right] = await Promise.all([
    sharp(SAMPLE_PHOTO).resize(700, 700).toBuffer(),
    sharp(SAMPLE_PHOTO).resize(700, 700).flop().toBuffer(),
  ]);
  await sharp({ create: { width: 1400, height: 700, channels: 3, background: '#335' } })
    .composite([
      { input: left, left: 0, top: 0 },
      { input: right, left: 700, top: 0 },
    ])
    .jpeg({ quality: 90 })
    .toFile(path);
}

const HILLS_PX = 900;
const SKY = [143, 184, 217];
/** Height of the crest as a share of the picture, its swing, and the colour, from far to near. */
const CRESTS = [
  { at: 0.58, swing: 0.07, colour: [138, 168, 139] },
  { at: 0.72, swing: 0.06, colour: [94, 130, 102] },
  { at: 0.86, swing: 0.04, colour: [61, 92, 72] },
];

/** A photo without a person, drawn pixel by pixel because this project reads no vector graphics. */
async function paintHills(path: string): Promise<void> {
  const pixels = Buffer.alloc(HILLS_PX * HILLS_PX * 3);
  for (let y = 0; y < HILLS_PX; y += 1) {
    for (let x = 0; x < HILLS_PX; x += 1) {
      const crest = CRESTS.findLast(
        ({ at, swing }, index) => y / HILLS_PX > at + swing * Math.sin(x / 140 + index * 2),
      );
      pixels.set(crest?.colour ?? SKY, (y * HILLS_PX + x) * 3);
    }
  }
  await sharp(pixels, { raw: { width: HILLS_PX, height: HILLS_PX, channels: 3 } })
    .png()
    .toFile(path);
}
