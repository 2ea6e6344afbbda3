import type { Command } from 'commander';
import { type LimelightClient, newTaskId } from '../../client/limelight-client.ts';
import { readEnvironment } from '../../config/read-environment.ts';
import { PipelineError } from '../../errors.ts';
import { loadConfig } from '../../process/load-config.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, notReady, openServer, type ServerFlags, untilReady } from '../server.ts';
import { isInteractive } from '../terminal/ask.ts';
import { show, write } from '../terminal/output.ts';
import { addJobOptions, formatOf, type JobFlags, toJobFields } from '../video/job-flags.ts';
import { submitOrder, type VideoOrder } from '../video/make-video.ts';
import { assertReadable } from '../video/media-files.ts';
import { orderVideo } from '../video/order-video.ts';
import { orderVideos } from '../video/order-videos.ts';
import { toPhotoOrders } from '../video/photo-orders.ts';

interface GenerateFlags extends JobFlags, ServerFlags {
  out?: string;
  watch?: boolean;
  detach?: boolean;
}

export function addGenerateCommand(program: Command): void {
  const command = program
    .command('generate')
    .summary('make videos from photos and a voice')
    .description(
      'Makes a talking video of each photo: submits it, shows the stages and downloads the video. Uses the server on this machine or the one given by --server. If none is running, starts everything for this command alone. Ctrl-C cancels unfinished videos.',
    )
    .usage('[options] <photo...> <voice>')
    .argument('<photo...>', 'photos of people, then the voice recording (WAV, MP3, M4A …)')
    .option(
      '-o, --out <path>',
      'path of the video, or a folder for several; default: named after the photo, in this folder',
    )
    .option('--watch', 'show the stages of each of several photos; for one photo they are always shown')
    .option('--detach', 'print the task ids and exit; the server continues');
  addServerOption(addJobOptions(command)).action(generate);
  addExamples(command, [
    'limelight generate me.jpg hello.m4a -o me.mp4',
    'limelight generate family.jpg hello.m4a --person 2 --background blur',
    'limelight generate family.jpg hello.m4a --person ask',
    "limelight generate 'team/*.jpg' welcome.wav -o videos --watch",
    'limelight generate me.jpg hello.m4a --background beach.jpg --json',
    'limelight generate me.jpg hello.m4a --detach --server https://limelight.example',
  ]);
}

async function generate(files: string[], flags: GenerateFlags): Promise<void> {
  const voicePath = files.at(-1)!;
  if (files.length < 2) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Missing voice file: received only ${voicePath}. Give the paths of a photo and of a recording.`,
    );
  }
  if (flags.person === 'ask' && !flags.detach && !isInteractive()) {
    throw new PipelineError(
      'INPUT_INVALID',
      'There is no terminal to ask who speaks: give --person 1, or --detach and answer with `npx limelight person`.',
    );
  }
  const job = { voicePath, ...toJobFields(flags) };
  const orders = (await toPhotoOrders(files.slice(0, -1), flags.out, formatOf(flags))).map((photo) => ({
    ...photo,
    ...job,
  }));
  const { backgroundPath = voicePath } = job;
  await assertReadable([...orders.map(({ photoPath }) => photoPath), voicePath, backgroundPath]);
  const signal = stopSignal();
  const { client, url, isNamed } = openServer(flags);
  if (await untilReady({ client, url }, signal)) {
    await (flags.detach ? submit(client, orders, signal) : make(client, orders, { ...flags, signal }));
    return;
  }
  // A user who named a server does not want another one.
  if (isNamed || flags.detach || loadConfig(readEnvironment()).temporal.address) {
    throw notReady(url);
  }
  write(`No server at ${url}: starting one for this command.`);
  const { withPrivateStack } = await import('../stack/private-stack.ts');
  await withPrivateStack(signal, (own, until) => make(own, orders, { ...flags, signal: until }));
}

async function make(
  client: LimelightClient,
  orders: VideoOrder[],
  { signal, watch = false }: { signal: AbortSignal; watch?: boolean },
): Promise<void> {
  const [first, ...more] = orders;
  await (more.length === 0
    ? orderVideo(client, first!, signal)
    : orderVideos(client, orders, { signal, watch }));
}

async function submit(client: LimelightClient, orders: VideoOrder[], signal: AbortSignal): Promise<void> {
  for (const order of orders) {
    const taskId = newTaskId();
    await submitOrder(client, order, { taskId, signal });
    show({ photo: order.photoPath, task_id: taskId }, () => [taskId]);
  }
}
