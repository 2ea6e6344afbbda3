import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimelightClient } from '../../client/limelight-client.ts';
import type { Config } from '../../config/config.ts';
import { PipelineError } from '../../errors.ts';
import { loadConfig } from '../../process/load-config.ts';
import { RELOADABLE } from '../../process/reload-settings.ts';
import { assertStoreIsThere } from '../../storage/store-folder.ts';
import { toLocalUrl } from '../server.ts';
import { assertPortFree } from './assert-port-free.ts';
import { startStackProcess } from './stack-process.ts';
import type { SupervisedProcess } from './supervisor.ts';

const SCRIPTS = {
  temporal: new URL('./temporal-main.ts', import.meta.url),
  io: new URL('../../workers/io-main.ts', import.meta.url),
  gpu: new URL('../../workers/gpu-main.ts', import.meta.url),
  api: new URL('../../api/main.ts', import.meta.url),
};
type ProcessName = keyof typeof SCRIPTS;

/** Longer than the workers' own grace period, in which running work ends or is cancelled. */
const WORKER_STOP_TIMEOUT_MS = 20_000;
const TEMPORAL_STOP_TIMEOUT_MS = 15_000;
/** Added to the API's own grace period. */
const API_MARGIN_MS = 5_000;
/**
 * glibc gives each allocating thread its own arena and returns little of it to the system. With two arenas an API that
 * served 1,000 readers stays at 216 MB instead of 260 MB.
 */
export const API_MALLOC = { MALLOC_ARENA_MAX: '2' };
const READY_POLL_INTERVAL_MS = 100;
const READY_TIMEOUT_MS = 180_000;
const MAX_LOG_BYTES = 10_000_000;

export interface StackOptions {
  config: Config;
  /** Environment of the processes; `config` was read from it. */
  environment: Record<string, string | undefined>;
  onWarning(message: string): void;
  signal: AbortSignal;
}

/** All processes of a server on one machine. Disposing of it drains them in order. */
export interface Stack extends AsyncDisposable {
  apiUrl: string;
  /** Absent with an external Temporal server, and on macOS. */
  webUiUrl?: string;
  /** Aborted with the error when a process cannot run and a restart would not help. */
  refused: AbortSignal;
  /** Makes every process reload its settings. A process that restarts later gets the new reloadable ones. */
  reload(read: () => Record<string, string | undefined>): void;
}

/**
 * Starts all processes at once and resolves when the API accepts submissions and the workers poll. Restarts a process that
 * dies. A process that cannot run at all, for example without a model, fails the start or aborts `refused`.
 */
export async function startStack({ config, environment, onWarning, signal }: StackOptions): Promise<Stack> {
  const apiUrl = toLocalUrl(config.api);
  if (await createLimelightClient({ baseUrl: apiUrl }).isReady({ signal })) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `Limelight already runs at ${apiUrl}. Use that one, or stop it first.`,
    );
  }
  const { root, mustExist, s3 } = config.storage;
  if (mustExist && !s3) {
    assertStoreIsThere(root);
  }
  await assertPortFree(config.api.port, 'API_PORT', config.api.host);
  const refused = new AbortController();
  const logs = join(config.storage.root, 'logs');
  const processes: SupervisedProcess[] = [];
  let reloaded: Record<string, string | undefined> = {};
  const start = (role: ProcessName, name: string = role, settings: Record<string, string> = {}) => {
    const log = openLogFile(join(logs, `${name}.log`));
    const script = SCRIPTS[role];
    const running = startStackProcess({
      name,
      script,
      environment: () => ({ ...environment, ...reloaded, ...settings }),
      log,
      onWarning,
      onRefusal: (error) => refused.abort(error),
    });
    processes.push(running);
    return {
      ready: running.ready,
      async stop(timeoutMs: number) {
        await running.stop(timeoutMs);
        log.end();
      },
    };
  };

  const temporal = config.temporal.address ? undefined : start('temporal');
  const io = start('io');
  const { uiPort } = config.temporal.embedded;
  const { gpuPort } = config.worker;
  const gpus = toDevices(config.gpu.device).map(({ name, device }, index) =>
    start('gpu', name, {
      CUDA_VISIBLE_DEVICES: device,
      GPU_HTTP_PORT: String(gpuPort === 0 ? 0 : gpuPort + index),
    }),
  );
  const api = start('api', 'api', API_MALLOC);
  const stop = async () => {
    // Stop accepting work first, then stop the workers, and last the server that they talk to.
    await api.stop(config.api.shutdownGraceMs + API_MARGIN_MS);
    await Promise.all([io, ...gpus].map((worker) => worker.stop(WORKER_STOP_TIMEOUT_MS)));
    await temporal?.stop(TEMPORAL_STOP_TIMEOUT_MS);
  };

  try {
    const workers = [io, ...gpus].map((worker) => worker.ready);
    await untilReady(apiUrl, workers, { logs, signal: AbortSignal.any([signal, refused.signal]) });
  } catch (error) {
    await stop();
    refused.signal.throwIfAborted();
    throw error;
  }
  return {
    apiUrl,
    ...(temporal && uiPort !== undefined && { webUiUrl: `http://127.0.0.1:${uiPort}` }),
    refused: refused.signal,
    reload(read) {
      reloaded = readReloadable(read) ?? reloaded;
      for (const running of processes) {
        running.reload();
      }
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** @returns undefined if the settings are not valid: each process logs that itself and keeps its old settings. */
function readReloadable(read: () => Record<string, string | undefined>) {
  try {
    const next = read();
    loadConfig(next);
    return Object.fromEntries(RELOADABLE.map((name) => [name, next[name]]));
  } catch {
    return undefined;
  }
}

async function untilReady(
  apiUrl: string,
  workers: Promise<void>[],
  { logs, signal }: { logs: string; signal: AbortSignal },
): Promise<void> {
  const client = createLimelightClient({ baseUrl: apiUrl });
  const giveUp = AbortSignal.timeout(READY_TIMEOUT_MS);
  let working = false;
  void Promise.all(workers).then(() => {
    working = true;
  });
  while (!working || !(await client.isReady({ signal: AbortSignal.any([signal, giveUp]) }))) {
    signal.throwIfAborted();
    if (giveUp.aborted) {
      throw new PipelineError(
        'API_UNREACHABLE',
        `Limelight was not ready within ${READY_TIMEOUT_MS / 1000} s. See the logs in ${logs}.`,
      );
    }
    await sleep(READY_POLL_INTERVAL_MS, undefined, { signal });
  }
}

/** One GPU worker for each device of a list such as `0,1`. */
function toDevices(list: string): { name: string; device: string }[] {
  const devices = list.split(',').map((device) => device.trim());
  return devices.map((device, index) => ({ name: index === 0 ? 'gpu' : `gpu-${index + 1}`, device }));
}

/** Opens a log file for appending. Renames a large one to FILE.1 first. */
function openLogFile(path: string): WriteStream {
  mkdirSync(dirname(path), { recursive: true });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) {
    renameSync(path, `${path}.1`);
  }
  return createWriteStream(path, { flags: 'a' });
}
