import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { createWavWriter, readWav } from '../../src/media/wav.ts';
import { startWorkerStack } from '../integration/worker-stack.ts';
import { freePort } from '../temporal-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const API_MAIN = join(ROOT, 'src/api/main.ts');
export const SAMPLE_PHOTO = join(ROOT, 'samples/portrait.jpg');
const SAMPLE_VOICE = join(ROOT, 'samples/voice.wav');

/** A photo of nobody. */
const HILLS = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900">
  <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#8fb8d9"/><stop offset="1" stop-color="#fbe3c2"/></linearGradient>
  <rect width="900" height="900" fill="url(#sky)"/><circle cx="640" cy="330" r="70" fill="#fff3d6"/>
  <path d="M0 560 Q230 400 470 560 T900 500 V900 H0z" fill="#8aa88b"/>
  <path d="M0 690 Q300 560 560 690 T900 650 V900 H0z" fill="#5e8266"/>
  <path d="M0 800 Q260 720 520 800 T900 780 V900 H0z" fill="#3d5c48"/>
</svg>`;

export interface PageStack extends AsyncDisposable {
  /** Of the page. */
  url: string;
  /** Ends the API as a power cut would. */
  killApi(): Promise<void>;
  startApi(): Promise<void>;
  files: { shortVoice: string; twoPersons: string; hills: string };
}

/** Everything that makes videos, with the starters, and an API in a process of its own that can be killed. */
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
        TEMPORAL_ADDRESS: stack.server.address,
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
    twoPersons: join(folder, 'two.jpg'),
    hills: join(folder, 'hills.png'),
  };
  await cutVoice(files.shortVoice, voiceS);
  await placeTwice(files.twoPersons);
  await sharp(Buffer.from(HILLS)).png().toFile(files.hills);
  const owned = resources.move();
  return {
    url: `http://127.0.0.1:${port}/`,
    killApi,
    startApi,
    files,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function untilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    await sleep(100);
  }
  throw new Error(`Nothing answers at ${url}`);
}

/** The beginning of the sample voice: a video of it takes seconds. */
async function cutVoice(path: string, seconds: number): Promise<void> {
  const { sampleRateHz, channels } = await readWav(SAMPLE_VOICE);
  const samples = channels[0]!.subarray(0, Math.round(seconds * sampleRateHz));
  await using writer = await createWavWriter(path, { sampleRateHz, channels: 1 });
  await writer.write(samples);
  await writer.finish();
}

/** The sample portrait beside its mirror image: two persons, and nobody real. */
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
