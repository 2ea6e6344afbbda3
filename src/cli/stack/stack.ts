import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimelightClient } from '../../client/limelight-client.ts';
import { type Config, loadConfig } from '../../config/config.ts';
import { PipelineError } from '../../errors.ts';
import { RELOADABLE } from '../../process/reload-settings.ts';
import { toLocalUrl } from '../local-url.ts';
import { assertPortFree } from './assert-port-free.ts';
import { openLogFile } from './log-file.ts';
import { startStackProcess } from './stack-process.ts';
import type { SupervisedProcess } from './supervisor.ts';

const SCRIPTS = {
  temporal: new URL('./temporal-main.ts', import.meta.url),
  io: new URL('../../workers/io-main.ts', import.meta.url),
  gpu: new URL('../../workers/gpu-main.ts', import.meta.url),
  api: new URL('../../api/main.ts', import.meta.url),
};
type ProcessName = keyof typeof SCRIPTS;

/** More than the workers' own grace time: what they have in hand ends, or is cancelled and hears of it. */
const WORKER_STOP_MS = 20_000;
const TEMPORAL_STOP_MS = 15_000;
/** On top of the API's own grace time. */
const API_MARGIN_MS = 5_000;
/**
 * glibc gives each thread that allocates an arena of its own and takes nothing back from there: with two of them an API
 * that had a thousand readers stays at 216 MB in place of 260.
 */
export const API_MALLOC = { MALLOC_ARENA_MAX: '2' };
const READY_POLL_MS = 100;
const READY_TIMEOUT_MS = 180_000;

export interface StackOptions {
  config: Config;
  /** What the processes get; `config` was read from it. */
  environment: Record<string, string | undefined>;
  onWarning(message: string): void;
  signal: AbortSignal;
}

/** Everything that makes videos, on this machine. Disposing of it drains all of it in order. */
export interface Stack extends AsyncDisposable {
  apiUrl: string;
  /** Absent with a Temporal server that is not ours. */
  webUiUrl?: string;
  /** Aborted, with the error, when a process cannot run and no restart will help. */
  refused: AbortSignal;
  /** Has every process read its settings again; one that dies later starts with what of them is reloadable. */
  reload(read: () => Record<string, string | undefined>): void;
}

/**
 * Starts the processes side by side and resolves when the API takes submissions. A process that dies comes back; one
 * that cannot run at all, such as for want of a model, ends the start or aborts `refused`.
 */
export async function startStack({ config, environment, onWarning, signal }: StackOptions): Promise<Stack> {
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
    return async (timeoutMs: number) => {
      await running.stop(timeoutMs);
      log.end();
    };
  };

  const stopTemporal = config.temporal.address ? undefined : start('temporal');
  const stopIo = start('io');
  const { gpuPort } = config.worker;
  const stopGpus = toDevices(config.gpu.device).map(({ name, device }, index) =>
    start('gpu', name, {
      CUDA_VISIBLE_DEVICES: device,
      GPU_HTTP_PORT: String(gpuPort === 0 ? 0 : gpuPort + index),
    }),
  );
  const stopApi = start('api', 'api', API_MALLOC);
  const stop = async () => {
    // No new work first, the workers next, what they talk to last.
    await stopApi(config.api.shutdownGraceMs + API_MARGIN_MS);
    await Promise.all([stopIo, ...stopGpus].map((stopWorker) => stopWorker(WORKER_STOP_MS)));
    await stopTemporal?.(TEMPORAL_STOP_MS);
  };

  const apiUrl = toLocalUrl(config.api);
  try {
    await untilReady(apiUrl, logs, AbortSignal.any([signal, refused.signal]));
  } catch (error) {
    await stop();
    refused.signal.throwIfAborted();
    throw error;
  }
  return {
    apiUrl,
    ...(stopTemporal && { webUiUrl: `http://127.0.0.1:${config.temporal.embedded.uiPort}` }),
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

/** @returns nothing where the settings have a fault: each process says so by itself, and keeps what it has. */
function readReloadable(read: () => Record<string, string | undefined>) {
  try {
    const next = read();
    loadConfig(next);
    return Object.fromEntries(RELOADABLE.map((name) => [name, next[name]]));
  } catch {
    return undefined;
  }
}

async function untilReady(apiUrl: string, logs: string, signal: AbortSignal): Promise<void> {
  const client = createLimelightClient({ baseUrl: apiUrl });
  const giveUp = AbortSignal.timeout(READY_TIMEOUT_MS);
  while (!(await client.isReady({ signal: AbortSignal.any([signal, giveUp]) }))) {
    signal.throwIfAborted();
    if (giveUp.aborted) {
      throw new PipelineError(
        'API_UNREACHABLE',
        `Limelight was not ready within ${READY_TIMEOUT_MS / 1000} s. The logs in ${logs} say why.`,
      );
    }
    await sleep(READY_POLL_MS, undefined, { signal });
  }
}

/** A GPU worker for each device of a list such as `0,1`. */
function toDevices(list: string): { name: string; device: string }[] {
  const devices = list.split(',').map((device) => device.trim());
  return devices.map((device, index) => ({ name: index === 0 ? 'gpu' : `gpu-${index + 1}`, device }));
}
