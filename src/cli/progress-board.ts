import { clearScreenDown, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import type { TaskEvent } from '../client/limelight-client.ts';

const REDRAW_MS = 200;

export interface ProgressBoard {
  show(name: string, event: TaskEvent): void;
  /** The last word on one of them. */
  finish(name: string, line: string): void;
  end(): void;
}

/**
 * A line for each of several jobs. On a terminal those that run are redrawn in place below those that have ended;
 * elsewhere each stage is a line with its name in front.
 */
export function createProgressBoard(names: string[], output: NodeJS.WritableStream): ProgressBoard {
  const terminal = (output as Partial<WriteStream>).isTTY ? (output as WriteStream) : undefined;
  const width = Math.max(...names.map((name) => name.length));
  const running = new Map<string, { event: TaskEvent; since: number }>();
  let drawn = 0;

  const toLine = (name: string, { data }: TaskEvent, since: number) => {
    const percent = String(Math.floor(data.progress_percent)).padStart(3);
    const seconds = ((Date.now() - since) / 1000).toFixed(1).padStart(6);
    return `${name.padEnd(width)}  ${percent} % ${seconds} s  ${data.message}`;
  };
  const erase = () => {
    if (terminal && drawn > 0) {
      moveCursor(terminal, 0, -drawn);
      clearScreenDown(terminal);
    }
    drawn = 0;
  };
  const draw = () => {
    if (terminal) {
      erase();
      // More lines than the screen has cannot be redrawn.
      for (const [name, { event, since }] of [...running].slice(0, terminal.rows - 2)) {
        terminal.write(`${toLine(name, event, since).slice(0, terminal.columns - 1)}\n`);
        drawn += 1;
      }
    }
  };
  const timer = terminal && setInterval(draw, REDRAW_MS).unref();

  return {
    show(name, event) {
      const since = running.get(name)?.since ?? Date.now();
      running.set(name, { event, since });
      if (!terminal && event.event_type === 'stage_update') {
        output.write(`${toLine(name, event, since)}\n`);
      }
    },
    finish(name, line) {
      erase();
      running.delete(name);
      output.write(`${name.padEnd(width)}  ${line}\n`);
      draw();
    },
    end() {
      clearInterval(timer);
      erase();
    },
  };
}
