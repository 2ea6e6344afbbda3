import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { scriptedFaults } from '../../emulators/d-id/faults.ts';
import { startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { WORKER_DEFAULTS } from '../../src/workers/lifecycle.ts';
import { shortVoice } from '../harness/recordings/short-voice.ts';
import { startWorkerStack } from '../harness/stack/worker-stack.ts';

const PORTRAIT = join(import.meta.dirname, '../../samples/portrait.jpg');
const KEY = 'completed:twice';
const HEARTBEAT_INTERVAL_MS = 500;

/** Every activity that changes the store. */
export const WRITERS = [
  'prepareMedia',
  'detectPersons',
  'removeBackground',
  'composePortrait',
  'renderTalk',
  'downloadTalk',
  'finishVideo',
  'findVideo',
  'findDetection',
  'findCutout',
  'keepVideo',
  'recordTask',
  'amendTask',
  'discard',
  'preparePhoto',
  'drawCutout',
  'drawFaces',
  'keepDetection',
  'eraseFiles',
];

export interface Repetition {
  activity: string;
  /** Keys whose object the second run changed, made or deleted. */
  changed: string[];
}

/** Runs jobs of every kind with real models, and each of the activities above twice. Returns what the second run changed. */
export async function completeTwice(): Promise<Repetition[]> {
  const repetitions: Repetition[] = [];
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await startEmulator());
  emulator.open({
    apiKey: KEY,
    credits: 100,
    talkMs: () => 100,
    // The first job fails at its order, and its retry succeeds.
    faults: scriptedFaults({
      createTalk: Array(3).fill({ kind: 'answer', status: 503, error: 'Unavailable' }),
    }),
  });
  let store: ObjectStore | undefined;
  const interceptors: ActivityInterceptorsFactory[] = WORKER_DEFAULTS.interceptors.activity;
  interceptors.push(repeatWriters(() => store!, repetitions));
  resources.defer(() => void interceptors.pop());
  const stack = resources.use(
    await startWorkerStack({
      D_ID_API_URL: emulator.url,
      D_ID_API_KEY: KEY,
      D_ID_TIME_SCALE: '0.05',
      RENDER_LONG_SIDE_PX: '512',
    }),
  );
  store = stack.store;
  await runJobs(stack.apiUrl);
  // The preview is kept for a task after it was answered.
  while (!repetitions.some(({ activity }) => activity === 'keepDetection')) await sleep(100);
  return repetitions;
}

async function runJobs(apiUrl: string): Promise<void> {
  const client = createLimelightClient({ baseUrl: apiUrl });
  const image = await openAsBlob(PORTRAIT);
  const make = (voice: number, fields: Record<string, string>) =>
    client.submit({ image, audio: shortVoice(voice), fields });
  const local = { provider: 'local', conf_threshold: '0.3' };
  const first = await make(1, local);
  await client.wait(first.task_id);
  // The same job, from the cache; then one with the same photo.
  await client.wait((await make(1, local)).task_id);
  await client.wait((await make(2, local)).task_id);

  const remote = { provider: 'd-id', conf_threshold: '0.3', on_outage: 'fail', background: '#112233' };
  const { task_id } = await make(3, remote);
  await client.wait(task_id);
  await client.retry(task_id);
  await client.wait(task_id);

  const refused = await make(4, { ...local, conf_threshold: '1', cache: 'no-store' });
  await client.wait(refused.task_id);

  const form = new FormData();
  form.append('image', image, 'portrait.jpg');
  form.append('conf_threshold', '0.25');
  await fetch(`${apiUrl}/api/pipeline/previews`, { method: 'POST', body: form });
  await client.erase(first.task_id);
}

/** Runs the writers twice, one activity at a time, so that nothing else changes the store meanwhile. */
function repeatWriters(store: () => ObjectStore, repetitions: Repetition[]): ActivityInterceptorsFactory {
  let last: Promise<unknown> = Promise.resolve();
  return ({ info: { activityType } }) => ({
    inbound: {
      async execute(input, next) {
        const run = last.then(async () => {
          if (!WRITERS.includes(activityType)) {
            return next(input);
          }
          await next(input);
          const before = await snapshot(store());
          const result = await next(input);
          const after = await snapshot(store());
          // The API may store the files of the next task meanwhile.
          const made = [...after.keys()].filter((key) => !key.startsWith('uploads/'));
          const keys = new Set([...before.keys(), ...made]);
          repetitions.push({
            activity: activityType,
            changed: [...keys].filter((key) => before.get(key) !== after.get(key)),
          });
          return result;
        });
        last = run.catch(() => {});
        // It must not time out while it waits.
        const beating = setInterval(Context.current().heartbeat, HEARTBEAT_INTERVAL_MS);
        return run.finally(() => clearInterval(beating));
      },
    },
  });
}

/** What each object of a task or of the cache holds. */
async function snapshot(store: ObjectStore): Promise<Map<string, string>> {
  const objects = new Map<string, string>();
  for (const prefix of ['uploads/', 'processed/', 'videos/', 'temp/', 'cache/']) {
    for await (const { key } of store.list(prefix)) {
      // A GPU worker stores its status all the time.
      if (!key.startsWith('temp/gpu/')) objects.set(key, await readContent(store, key));
    }
  }
  return objects;
}

/** A hash of the bytes, without what differs in each run: how long it took, and when a video was written. */
async function readContent(store: ObjectStore, key: string): Promise<string> {
  const bytes = await store.read(key);
  if (key.endsWith('.json')) {
    const isTime = (name: string) => name === 'timeline' || name === 'timingsMs';
    return JSON.stringify(JSON.parse(String(bytes)), (name, value) => (isTime(name) ? undefined : value));
  }
  return createHash('sha256')
    .update(key.endsWith('.mp4') ? withoutDates(bytes) : bytes)
    .digest('hex');
}

/** The boxes of an MP4 that begin with the dates of creation and change, of 4 bytes each, or of 8 in version 1. */
const DATED_BOXES = ['mvhd', 'tkhd', 'mdhd'];

function withoutDates(mp4: Buffer): Buffer {
  const bytes = Buffer.from(mp4);
  for (const box of DATED_BOXES) {
    for (let at = bytes.indexOf(box); at >= 0; at = bytes.indexOf(box, at + 1)) {
      const version = bytes[at + 4];
      bytes.fill(0, at + 8, at + 8 + (version === 1 ? 16 : 8));
    }
  }
  return bytes;
}
