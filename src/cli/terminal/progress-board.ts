import { clearScreenDown, moveCursor } from 'node:readline';
import type { ReceivedEvent } from '../../client/limelight-client.ts';
import { toTerminal } from './output.ts';

const REDRAW_INTERVAL_MS = 200;

export interface ProgressBoard {
  show(name: string, event: ReceivedEvent): void;
  /** Shows the final line of a job. */
  finish(name: string, line: string): void;
  /** Hides the board during a question. Questions are asked one at a time; jobs that end meanwhile are shown afterwards. */
  pauseFor<T>(ask: () => Promise<T>): Promise<T>;
  end(): void;
}

/**
 * Shows the progress of several jobs. On a terminal, running jobs are redrawn in place below the ended ones. Elsewhere,
 * each stage is a line that begins with the name of the job.
 */
export function createProgressBoard(names: string[], output: NodeJS.WritableStream): ProgressBoard {
  const terminal = toTerminal(output);
  const width = Math.max(...names.map((name) => name.length));
  const running = new Map<string, { event: ReceivedEvent; since: number }>();
  let drawn = 0;
  let questions = 0;
  let lastQuestion: Promise<unknown> = Promise.resolve();
  const heldBack: string[] = [];

  const toLine = (name: string, { data }: ReceivedEvent, since: number) => {
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
    if (terminal && questions === 0) {
      erase();
      // Lines that have scrolled off the screen cannot be redrawn.
      for (const [name, { event, since }] of [...running].slice(0, terminal.rows - 2)) {
        terminal.write(`${toLine(name, event, since).slice(0, terminal.columns - 1)}\n`);
        drawn += 1;
      }
    }
  };
  const flush = () => {
    if (questions === 0) {
      erase();
      for (const line of heldBack.splice(0)) {
        output.write(line);
      }
      draw();
    }
  };
  const timer = terminal && setInterval(draw, REDRAW_INTERVAL_MS).unref();

  return {
    show(name, event) {
      const since = running.get(name)?.since ?? Date.now();
      running.set(name, { event, since });
      if (!terminal && event.event_type === 'stage_update') {
        output.write(`${toLine(name, event, since)}\n`);
      }
    },
    finish(name, line) {
      running.delete(name);
      heldBack.push(`${name.padEnd(width)}  ${line}\n`);
      flush();
    },
    async pauseFor(ask) {
      questions += 1;
      erase();
      const question = lastQuestion.then(ask);
      lastQuestion = question.catch(() => {});
      try {
        return await question;
      } finally {
        questions -= 1;
        flush();
      }
    },
    end() {
      clearInterval(timer);
      erase();
    },
  };
}
