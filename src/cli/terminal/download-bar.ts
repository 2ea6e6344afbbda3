import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';

const CELLS = 24;
const REDRAW_MS = 100;

export interface DownloadBar {
  show(bytes: number, total: number | undefined): void;
  /** Takes the bar away. */
  end(): void;
}

/** One line that is redrawn while bytes come, on a terminal only. */
export function createDownloadBar(name: string, output: NodeJS.WritableStream): DownloadBar {
  const terminal = (output as Partial<WriteStream>).isTTY ? (output as WriteStream) : undefined;
  let drawnAt = 0;
  return {
    show(bytes, total) {
      if (terminal && Date.now() - drawnAt >= REDRAW_MS) {
        drawnAt = Date.now();
        cursorTo(terminal, 0);
        terminal.write(toBar(name, bytes, total).slice(0, terminal.columns - 1));
        clearLine(terminal, 1);
      }
    },
    end() {
      if (terminal) {
        cursorTo(terminal, 0);
        clearLine(terminal, 0);
      }
    },
  };
}

export function toBar(name: string, bytes: number, total: number | undefined): string {
  if (!total) {
    return `${name}  ${toMegabytes(bytes)}`;
  }
  const share = Math.min(1, bytes / total);
  const full = Math.floor(share * CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(CELLS - full);
  return `${name}  ${bar} ${String(Math.floor(100 * share)).padStart(3)} %  ${toMegabytes(bytes)} of ${toMegabytes(total)}`;
}

export function toMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
