import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { openServer, untilReady } from '../server.ts';
import { write } from '../terminal/output.ts';
import { addJobOptions, formatOf, type JobFlags, toJobFields } from '../video/job-flags.ts';
import { assertReadable } from '../video/media-files.ts';
import { orderVideo } from '../video/order-video.ts';

const SAMPLES = fileURLToPath(new URL('../../../samples', import.meta.url));

interface DemoFlags extends JobFlags {
  out?: string;
}

export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .summary('make one video of the samples')
    .description(
      'Makes one video through the HTTP API. Uses the server if one is running. Otherwise starts the whole pipeline on free ports with its own empty storage, and stops it afterwards.',
    )
    .argument('[photo]', 'photo of a person; default: the sample')
    .argument('[voice]', 'recording of speech; default: the sample')
    .option('-o, --out <path>', 'path of the video; default: out/demo.mp4, or .webm if it is transparent');
  addJobOptions(command).action(
    async (photo: string | undefined, voice: string | undefined, flags: DemoFlags) => {
      // The sample portrait and voice are not of a real person.
      const isSample = photo === undefined;
      const order = {
        photoPath: photo ?? join(SAMPLES, 'portrait.jpg'),
        voicePath: voice ?? join(SAMPLES, 'voice.wav'),
        outPath: resolve(flags.out ?? `out/demo.${formatOf(flags)}`),
        ...toJobFields({ ...flags, ...(isSample && voice === undefined && { consent: true }) }),
      };
      await assertReadable([order.photoPath, order.voicePath, order.backgroundPath ?? order.voicePath]);
      if (isSample) {
        write('Making a video of the sample portrait and voice. This takes less than a minute.');
      }
      const signal = stopSignal();
      const { client, url } = openServer({});
      const isRunning = await untilReady({ client, url }, signal);
      if (isRunning) {
        write(`Using the server that runs at ${url}.`);
        await orderVideo(client, order, signal);
      } else {
        const { withPrivateStack } = await import('../stack/private-stack.ts');
        await withPrivateStack(signal, (own, until) => orderVideo(own, order, until));
      }
      if (isSample) {
        write(
          `Try your own: ${isRunning ? `open ${url}` : '`npm start` and open the page'}, or \`npm run demo -- me.jpg hello.m4a -o me.mp4\`.`,
        );
      }
    },
  );
  addExamples(command, [
    'limelight demo',
    'limelight demo me.jpg hello.m4a -o me.mp4',
    'limelight demo family.jpg hello.m4a --person 2 --background blur',
  ]);
}
