import { relative, resolve } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { type Command, Option } from 'commander';
import type { TaskFile } from '../../client/limelight-client.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { show } from '../terminal/output.ts';
import { saveFile } from '../video/media-files.ts';

interface DownloadFlags extends ServerFlags {
  out?: string;
  file: TaskFile;
}

const ENDINGS: Record<string, string> = {
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

export function addDownloadCommand(program: Command): void {
  const files = ['video', 'cutout', 'mask', 'thumbnail'] satisfies TaskFile[];
  const command = program
    .command('download')
    .summary('download the video of a task')
    .description('Downloads the video of a task, or one of its intermediate files.')
    .argument('<task>', TASK_ARGUMENT)
    .option(
      '-o, --out <path>',
      'path of the file, - for standard output; default: the task id, in this folder',
    )
    .addOption(new Option('--file <name>', 'which file').choices(files).default('video'));
  addServerOption(command).action(download);
  addExamples(command, [
    'limelight download last -o me.mp4',
    'limelight download 83577ac7 --file cutout -o me.png',
    'limelight download last -o - | ffplay -',
  ]);
}

async function download(task: string, { file, out, ...flags }: DownloadFlags): Promise<void> {
  const signal = stopSignal();
  const client = await connect(flags, signal);
  const id = await findTask(client, task, signal);
  const answer = await client.download(id, { signal, file });
  if (out === '-') {
    const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
    await pipeline(body, process.stdout, { signal, end: false });
    return;
  }
  const ending = ENDINGS[answer.headers.get('Content-Type') ?? ''] ?? 'bin';
  const path = resolve(out ?? `${id}${file === 'video' ? '' : `-${file}`}.${ending}`);
  await saveFile(answer, path, signal);
  show({ task_id: id, file, path }, () => [relative('', path)]);
}
