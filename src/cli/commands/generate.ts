import { resolve } from 'node:path';
import type { Command } from 'commander';
import { createLimelightClient } from '../../client/limelight-client.ts';
import { loadConfig, readEnvironment } from '../../config.ts';
import { PipelineError } from '../../errors.ts';
import { stopSignal } from '../../run-main.ts';
import { addExamples } from '../add-examples.ts';
import { orderVideo } from '../order-video.ts';

export function addGenerateCommand(program: Command): void {
  const command = program
    .command('generate')
    .summary('make a video with a server that runs')
    .description(
      'Submits a photo and a voice recording to a Limelight server, shows its progress, downloads the video.',
    )
    .argument('<photo>', 'JPEG, PNG, WebP, AVIF or HEIC with a person')
    .argument('<voice>', 'recording of speech, such as WAV, MP3 or M4A')
    .requiredOption('-o, --out <path>', 'where the video goes')
    .option('--server <url>', 'address of the server; default: the API of this machine')
    .action(async (photo: string, voice: string, options: { out: string; server?: string }) => {
      const config = loadConfig(readEnvironment());
      const { host, port } = config.api;
      const { apiKey } = config.client;
      const url = options.server ?? `http://${host}:${port}`;
      const client = createLimelightClient({ baseUrl: url, ...(apiKey && { apiKey }) });
      const signal = stopSignal();
      if (!(await client.isReady({ signal }))) {
        throw new PipelineError(
          'API_UNREACHABLE',
          `No Limelight server is ready at ${url}. Start one with \`npm start\`, or name another with --server.`,
        );
      }
      await orderVideo(client, { photoPath: photo, voicePath: voice, outPath: resolve(options.out) }, signal);
    });
  addExamples(command, ['limelight generate me.jpg hello.m4a -o me.mp4']);
}
