import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../../emulators/d-id/account.ts';
import { seededFaults } from '../../emulators/d-id/seeded-faults.ts';
import { startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { freePort } from '../../src/cli/stack/free-port.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { createApiKeys } from '../../src/storage/api-keys.ts';
import { openStore } from '../../src/storage/open-store.ts';
import { type S3Server, startS3Server } from '../harness/s3-server.ts';
import { fillSmallDisk, resizeSmallDisk } from '../harness/small-disk.ts';
import type { Role } from '../harness/stack/role-process.ts';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';
import { type KeptProcess, KeptRoles } from './kept-roles.ts';
import { KeptTemporal } from './kept-temporal.ts';
import type { Disturbance, Link, Victim } from './plan.ts';
import { StoreFolder } from './store-folder.ts';

/** Places at D-ID: fewer than there are jobs at once, so that jobs wait for each other. */
export const PLACES = 4;
/** How long a failed job can be retried: longer than its client needs, and short enough that a run can wait for its end. */
const RETRY_WINDOW_S = 45;
const TALK_MS = 400;
const API_KEY = 'chaos:password';
/** Where receivers of webhooks listen. */
const RECEIVERS = '127.0.0.2/32';

/** Two APIs and two io workers, so that one continues while the other is disturbed. One GPU worker, as there is one device. */
const ROLES: Array<{ role: Role; name: string }> = [
  { role: 'api', name: 'api-1' },
  { role: 'api', name: 'api-2' },
  { role: 'io', name: 'io-1' },
  { role: 'io', name: 'io-2' },
  { role: 'gpu', name: 'gpu' },
];

export interface ChaosStack extends AsyncDisposable {
  apiUrls: string[];
  /** Secret of the key whose jobs these are. */
  apiKey: string;
  temporalAddress: string;
  account: Account;
  /** How to look at the store: by its files, and for a sweep by its own interface. */
  store: {
    kind: 's3' | 'folder';
    /** The folder with the bytes of the objects. */
    folder: string;
    /** One view for each process, as each has files of its own beside the objects. */
    views: Array<{ root: string; open(): ObjectStore & Disposable }>;
  };
  /** Those that run now. */
  victims(victim: Victim): Promise<KeptProcess[]>;
  /** @param choice 0 to 1: how slow it is */
  disturb(link: Link, how: Disturbance, choice: number): Promise<void>;
  restore(link: Link): Promise<void>;
  /** Nothing more can be written until it resolves. */
  withFullDisk(ms: number): Promise<void>;
  /** Resolves when every process answers that it is ready. */
  untilReady(): Promise<void>;
  /** Stops everything in order. Returns what did not stop as it should. */
  stop(): Promise<string[]>;
}

export interface ChaosStackOptions {
  seed: number;
  store: 's3' | 'folder';
  /** On a disk of its own that may be filled, if `diskKb` is set. */
  root: string;
  diskKb?: number;
  /** Jobs of the key that may be in flight. */
  quota: number;
  /** For what must not be on that disk: Temporal's file and the logs. */
  workFolder: string;
}

/** The whole of Limelight as processes, on loopback, with everything between them that can be disturbed. */
export async function startChaosStack(options: ChaosStackOptions): Promise<ChaosStack> {
  const { seed, root, diskKb, quota, workFolder } = options;
  await using resources = new AsyncDisposableStack();
  const logs = join(workFolder, 'logs');
  mkdirSync(logs, { recursive: true });
  const link = async (target: { port: number }): Promise<TcpProxy> =>
    resources.use(await startTcpProxy(target));

  const s3 = options.store === 's3' ? resources.use(await startS3Server(root)) : undefined;
  const temporal = resources.use(
    new KeptTemporal({ dir: join(workFolder, 'temporal'), port: await freePort() }),
  );
  temporal.start();
  /** Of the first API, which is not started yet. */
  const hookTarget = { port: 0 };
  const hooks = await link(hookTarget);
  /** Of the emulator, whose results are downloaded through the proxy too. */
  const dIdTarget = { port: 0 };
  const dId = await link(dIdTarget);
  const emulator = resources.use(
    await startEmulator({
      webhookOrigin: `http://127.0.0.1:${hooks.port}`,
      resultOrigin: `http://127.0.0.1:${dId.port}`,
    }),
  );
  dIdTarget.port = Number(new URL(emulator.url).port);
  const account = emulator.open({
    apiKey: API_KEY,
    talkMs: () => TALK_MS,
    listDelayMs: 200,
    faults: seededFaults(seed),
  });

  const links: Partial<Record<Link, TcpProxy>> = {
    temporal: await link({ port: temporal.port }),
    'd-id': dId,
    ...(s3 && { store: await link({ port: Number(new URL(s3.settings.endpoint!).port) }) }),
  };
  const temporalAddress = `127.0.0.1:${links.temporal!.port}`;
  const settings = {
    ...SETTINGS,
    D_ID_API_URL: `http://127.0.0.1:${dId.port}`,
    ...(s3 && toS3Settings(s3, links.store!.port)),
  };
  const views = ROLES.map(({ name }) => {
    const folder = s3 ? join(root, name) : join(root, 'data');
    mkdirSync(folder, { recursive: true });
    const environment = { ...process.env, ...settings, STORAGE_ROOT: folder };
    return { root: folder, open: () => openStore(loadConfig(environment).storage) };
  });
  const folder = s3 ? join(s3.folder, s3.settings.bucket) : join(root, 'data');
  const storeFolder = new StoreFolder(folder);
  if (!s3 && diskKb !== undefined) await storeFolder.open();
  const tmp = join(root, 'tmp');
  mkdirSync(tmp, { recursive: true });

  using store = views[0]!.open();
  const apiKey = await createApiKeys({ store }).create('chaos', ['submit', 'read', 'priority'], {
    jobs_in_flight: quota,
  });

  const roles = resources.use(new KeptRoles(logs));
  for (const [index, { role, name }] of ROLES.entries()) {
    await roles.start(role, name, {
      temporalAddress,
      root: views[index]!.root,
      settings: { ...settings, TMPDIR: tmp, STORAGE_MUST_EXIST: 'true' },
    });
  }
  const apiUrls = roles.urlsOf('api');
  hookTarget.port = Number(new URL(apiUrls[0]!).port);
  await roles.untilReady();
  const owned = resources.move();
  return {
    apiUrls,
    apiKey,
    temporalAddress: `127.0.0.1:${temporal.port}`,
    account,
    store: {
      kind: options.store,
      folder,
      views,
    },
    async victims(victim) {
      if (victim === 'slot') return roles.slots();
      if (victim !== 'temporal') return roles.running(victim);
      return temporal.pid === undefined ? [] : [{ name: 'temporal', pid: temporal.pid }];
    },
    async disturb(name, how, choice) {
      const proxy = links[name];
      if (!proxy) await storeFolder.disturb(how);
      else if (how !== 'read-only') proxy.set(how === 'slow' ? toSlowMs(choice) : how);
    },
    async restore(name) {
      const proxy = links[name];
      if (proxy) proxy.set('open');
      else await storeFolder.restore();
    },
    async withFullDisk(ms) {
      if (diskKb === undefined) throw new Error('The disk of this run cannot be filled');
      await fillSmallDisk(root);
      try {
        await sleep(ms);
      } finally {
        await resizeSmallDisk(root, diskKb);
      }
    },
    untilReady: () => roles.untilReady(),
    stop: () => roles.stop(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Small limits, so that much happens in little time. The models are those that come with Limelight. */
const SETTINGS = {
  MODELS_DIR: undefined,
  D_ID_API_KEY: API_KEY,
  D_ID_TIME_SCALE: '0.05',
  D_ID_TALKS_IN_FLIGHT: String(PLACES),
  D_ID_REQUESTS_PER_S: '200',
  D_ID_CONNECT_TIMEOUT_S: '2',
  D_ID_ANSWER_TIMEOUT_S: '5',
  D_ID_TALK_TIMEOUT_S: '60',
  D_ID_WEBHOOK_BASE_URL: 'https://limelight.example',
  D_ID_WEBHOOK_SECRET: 'the-secret-of-this-run',
  JOB_RETRY_WINDOW_S: String(RETRY_WINDOW_S),
  API_RATE_PER_S: '1000',
  API_RATE_BURST: '10000',
  PRIVATE_NETWORKS: RECEIVERS,
  STORAGE_MIN_FREE_GB: '0.002',
  STORAGE_HARD_FLOOR_GB: '0.001',
  STORAGE_JOB_RESERVE_MB: '0.1',
  YOLO_TIMEOUT_S: '15',
  BIREFNET_TIMEOUT_S: '20',
  MEDIA_TIMEOUT_S: '15',
  RENDER_TIMEOUT_S: '60',
  LOG_LEVEL: 'warn',
} satisfies Record<string, string | undefined>;

function toS3Settings({ settings }: S3Server, port: number) {
  return {
    STORAGE_S3_BUCKET: settings.bucket,
    STORAGE_S3_ENDPOINT: `http://127.0.0.1:${port}`,
    STORAGE_S3_ACCESS_KEY_ID: settings.credentials!.accessKeyId,
    STORAGE_S3_SECRET_ACCESS_KEY: settings.credentials!.secretAccessKey,
    STORAGE_S3_USE_PATHS: 'true',
  };
}

/** Milliseconds for each piece of 64 KiB: 50 to 550. */
function toSlowMs(choice: number): number {
  return Math.round(50 + choice * 500);
}
