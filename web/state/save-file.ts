import { toFileName } from '../../src/contracts/task-name.ts';
import { server } from '../server/server.ts';
import { strings } from '../strings/strings.ts';
import { isTransparent, type Task } from './tasks.ts';

/** The name of the video as a file: that of the task, without what file systems refuse. */
export function fileNameOf(task: Task): string {
  return toFileName(task.name ?? strings.peek().videos.untitled, isTransparent(task) ? 'webm' : 'mp4');
}

/** The video with its name, from memory. */
export async function readVideo(task: Task): Promise<File> {
  const answer = await server.download(task.id);
  const type = answer.headers.get('content-type') ?? 'video/mp4';
  return new File([await answer.blob()], fileNameOf(task), { type });
}

export function saveFile(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = file.name;
  link.click();
  // The download has its own reference once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** One file as it is, several as an archive: browsers ask before a page may save several files. */
export async function saveVideos(tasks: Task[], onFile: (done: number) => void): Promise<void> {
  if (tasks.length === 1) {
    saveFile(await readVideo(tasks[0]!));
    return;
  }
  const { downloadZip } = await import('client-zip');
  const used = new Map<string, number>();
  async function* read() {
    for (const [index, task] of tasks.entries()) {
      onFile(index);
      const file = await readVideo(task);
      const times = (used.get(file.name) ?? 0) + 1;
      used.set(file.name, times);
      const name = times === 1 ? file.name : file.name.replace(/(\.\w+)$/, ` (${times})$1`);
      yield { name, input: file, lastModified: new Date(task.submittedAt) };
    }
  }
  const archive = await downloadZip(read()).blob();
  saveFile(new File([archive], strings.peek().videos.archive, { type: 'application/zip' }));
}
