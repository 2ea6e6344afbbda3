import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { PipelineError } from '../../errors.ts';
import { stopSignal } from '../../run-main.ts';
import { addExamples } from '../add-examples.ts';
import { orderVideo } from '../video/order-video.ts';

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
      const order = {
        photoPath: toInput(photo, 'portrait.jpg'),
        voicePath: toInput(voice, 'voice.wav'),
        outPath: resolve(out),
      };
      const { withPrivateStack } = await import('../stack/private-stack.ts');
      await withPrivateStack(stopSignal(), (client, signal) => orderVideo(client, order, signal));
    });
  addExamples(command, ['limelight demo', 'limelight demo me.jpg hello.m4a -o me.mp4']);
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
