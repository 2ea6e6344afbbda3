import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLimelightClient, type LimelightClient } from '../../client/limelight-client.ts';
import { readEnvironment } from '../../config/read-environment.ts';
import { PipelineError } from '../../errors.ts';
import { loadConfig } from '../../process/load-config.ts';
import { JobFailedError } from '../exit-code.ts';
import { warn, write } from '../terminal/output.ts';
import { freePort } from './free-port.ts';
import { startStack } from './stack.ts';

/**
 * Starts a stack of its own for `use`, on free ports and with an empty storage, even if the settings name a cluster or a
 * bucket. Keeps the storage only if its logs are needed to explain a failure.
 */
export async function withPrivateStack(
  signal: AbortSignal,
  use: (client: LimelightClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const storage = await mkdtemp(join(tmpdir(), 'limelight-demo-'));
  try {
    await runIn(storage, signal, use);
  } catch (error) {
    if (isExplained(error) || signal.aborted) {
      await rm(storage, { recursive: true, force: true });
    } else {
      write(`The logs of all processes are in ${join(storage, 'logs')}.`);
    }
    throw error;
  }
  await rm(storage, { recursive: true, force: true });
}

/** Whether the error's message says what to change, so that the logs are not needed. */
function isExplained(error: unknown): boolean {
  return error instanceof JobFailedError || (error instanceof PipelineError && !error.retryable);
}

async function runIn(
  storage: string,
  signal: AbortSignal,
  use: (client: LimelightClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const [api, temporal, webUi] = await Promise.all([freePort(), freePort(), freePort()]);
  const settings = readEnvironment();
  // The settings must not lead to another Temporal server, whichever variables they use.
  const ofTemporal = Object.keys(settings).filter((name) => name.startsWith('TEMPORAL_'));
  const environment = {
    ...settings,
    ...Object.fromEntries(ofTemporal.map((name) => [name, ''])),
    STORAGE_ROOT: storage,
    STORAGE_MUST_EXIST: 'false',
    STORAGE_S3_BUCKET: '',
    API_HOST: '127.0.0.1',
    API_PORT: String(api),
    TEMPORAL_PORT: String(temporal),
    TEMPORAL_UI_PORT: String(webUi),
    IO_HTTP_PORT: '0',
    GPU_HTTP_PORT: '0',
  };
  const config = loadConfig(environment);
  const startedAt = performance.now();
  write('Starting the API, the workers and Temporal …');
  await using stack = await startStack({ config, environment, onWarning: warn, signal });
  write(`Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  if (stack.webUiUrl) {
    write(`Temporal's Web UI, while this runs: ${stack.webUiUrl}`);
  }
  await use(createLimelightClient({ baseUrl: stack.apiUrl }), AbortSignal.any([signal, stack.refused]));
}
