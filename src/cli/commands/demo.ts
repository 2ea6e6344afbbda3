import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { createLimelightClient } from '../../client/limelight-client.ts';
import { loadConfig, readEnvironment } from '../../config.ts';
import { PipelineError } from '../../errors.ts';
import { stopSignal } from '../../run-main.ts';
import { addExamples } from '../add-examples.ts';
import { freePort } from '../free-port.ts';
import type { VideoOrder } from '../make-video.ts';
import { orderVideo } from '../order-video.ts';
import { warn, write } from '../output.ts';
import { startStack } from '../stack.ts';

const SAMPLES = fileURLToPath(new URL('../../../samples', import.meta.url));

export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .summary('make one video, with everything started for it')
    .description(
      'Starts the whole pipeline on free ports with an empty storage of its own, makes one video through the HTTP API, and stops again.',
    )
    .argument('[photo]', 'photo with a person; default: the sample')
    .argument('[voice]', 'recording of speech; default: the sample')
    .option('-o, --out <path>', 'where the video goes', 'out/demo.mp4')
    .action(async (photo: string | undefined, voice: string | undefined, { out }: { out: string }) => {
      await demo({
        photoPath: toInput(photo, 'portrait.jpg'),
        voicePath: toInput(voice, 'voice.wav'),
        outPath: resolve(out),
      });
    });
  addExamples(command, ['limelight demo', 'limelight demo me.jpg hello.m4a -o me.mp4']);
}

async function demo(order: VideoOrder): Promise<void> {
  const signal = stopSignal();
  const storage = await mkdtemp(join(tmpdir(), 'limelight-demo-'));
  try {
    await runIn(storage, order, signal);
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

/** Whether the error's own words say what to change, so that nobody needs logs. */
function isExplained(error: unknown): boolean {
  return error instanceof PipelineError && !error.retryable;
}

async function runIn(storage: string, order: VideoOrder, signal: AbortSignal): Promise<void> {
  const [api, temporal, webUi] = await Promise.all([freePort(), freePort(), freePort()]);
  const environment = {
    ...readEnvironment(),
    STORAGE_ROOT: storage,
    API_HOST: '127.0.0.1',
    API_PORT: String(api),
    TEMPORAL_PORT: String(temporal),
    TEMPORAL_UI_PORT: String(webUi),
    IO_HTTP_PORT: '0',
    GPU_HTTP_PORT: '0',
  };
  const config = loadConfig(environment);
  write('Starting the API, the workers and their job server …');
  await using stack = await startStack({ config, environment, onWarning: warn, signal });
  write(`The job in Temporal's Web UI, while it runs: ${stack.webUiUrl}`);
  await orderVideo(
    createLimelightClient({ baseUrl: stack.apiUrl }),
    order,
    AbortSignal.any([signal, stack.refused]),
  );
}

function toInput(given: string | undefined, sample: string): string {
  const path = given ?? join(SAMPLES, sample);
  if (!existsSync(path)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `${path} does not exist. Give the path of a photo and of a recording.`,
    );
  }
  return path;
}
