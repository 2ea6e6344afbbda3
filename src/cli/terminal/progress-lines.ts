import { clearLine, cursorTo } from 'node:readline';
import type { ReceivedEvent } from '../../client/limelight-client.ts';
import { toTerminal } from './output.ts';

const REDRAW_INTERVAL_MS = 200;

export interface ProgressLines {
  show(event: ReceivedEvent): void;
  /** Completes the current line. */
  end(): void;
}

/** Shows one line per stage, redrawn during the stage on a terminal, else written at its end. Skips a failure. */
export function createProgressLines(output: NodeJS.WritableStream): ProgressLines {
  const terminal = toTerminal(output);
  let current:
    | { event: ReceivedEvent; latest: ReceivedEvent; startedAtMs: number; shownAt: number }
    | undefined;
  let redraw: NodeJS.Timeout | undefined;

  const draw = () => {
    if (terminal && current) {
      cursorTo(terminal, 0);
      // A line that wraps cannot be redrawn.
      terminal.write(toLine(current.latest, Date.now() - current.shownAt).slice(0, terminal.columns - 1));
      clearLine(terminal, 1);
    }
  };
  const finish = (atMs: number) => {
    clearInterval(redraw);
    if (terminal && current) {
      cursorTo(terminal, 0);
      clearLine(terminal, 0);
    }
    if (current) {
      output.write(`${toLine(current.event, atMs - current.startedAtMs)}\n`);
      current = undefined;
    }
  };

  return {
    show(event) {
      if (event.event_type === 'activity_progress') {
        if (current?.event.data.stage === event.data.stage) {
          current.latest = event;
          draw();
        }
        return;
      }
      const startedAtMs = Date.parse(event.timestamp);
      finish(startedAtMs);
      // The command ends with the same message as its error.
      if (event.data.stage === 'FAILED') return;
      current = { event, latest: event, startedAtMs, shownAt: Date.now() };
      draw();
      redraw = setInterval(draw, REDRAW_INTERVAL_MS).unref();
    },
    end: () => finish(current ? current.startedAtMs : 0),
  };
}

function toLine({ data }: ReceivedEvent, elapsedMs: number): string {
  const percent = String(Math.floor(data.progress_percent)).padStart(3);
  const seconds = (elapsedMs / 1000).toFixed(1).padStart(6);
  return `${percent} % ${seconds} s  ${data.message}`;
}
