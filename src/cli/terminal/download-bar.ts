import { clearLine, cursorTo } from 'node:readline';
import { toMegabytes } from './format.ts';
import { toTerminal } from './output.ts';

const WIDTH_COLUMNS = 24;
const REDRAW_INTERVAL_MS = 100;

export interface DownloadBar {
  show(bytes: number, total: number | undefined): void;
  /** Removes the bar. */
  end(): void;
}

/** A progress line that is redrawn during a download. Only on a terminal. */
export function createDownloadBar(name: string, output: NodeJS.WritableStream): DownloadBar {
  const terminal = toTerminal(output);
  let drawnAt = 0;
  return {
    show(bytes, total) {
      if (terminal && Date.now() - drawnAt >= REDRAW_INTERVAL_MS) {
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

function toBar(name: string, bytes: number, total: number | undefined): string {
  if (!total) {
    return `${name}  ${toMegabytes(bytes)}`;
  }
  const share = Math.min(1, bytes / total);
  const full = Math.floor(share * WIDTH_COLUMNS);
  const bar = '█'.repeat(full) + '░'.repeat(WIDTH_COLUMNS - full);
  return `${name}  ${bar} ${String(Math.floor(100 * share)).padStart(3)} %  ${toMegabytes(bytes)} of ${toMegabytes(total)}`;
}
