import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import { PipelineError } from '../errors.ts';

export interface DevServerOptions {
  /** The `temporal` program: see `findTemporalBinary`. */
  binary: string;
  /** Folder of the server's database; it survives restarts. */
  dir: string;
  port: number;
  /** Without it there is no Web UI. */
  uiPort?: number;
  /** Where the server's own log lines go; default: nowhere. */
  log?: NodeJS.WritableStream;
}

export interface DevServer extends AsyncDisposable {
  /** host:port for clients and workers. */
  address: string;
  process: ChildProcess;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
/** At a start that fails, they are its reason; one that works says nothing. */
const FIRST_WORDS_CHARS = 1_000;

const DYNAMIC_CONFIG = {
  // The defaults (20 and 20 a second) are for a shared cluster: an activity took 100 ms with them, 17 ms with these.
  'history.transferProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  // Timers are late by up to this; the default of a second is longer than some of the waits here.
  'history.timerProcessorMaxTimeShift': '"10ms"',
  // For as long the server goes through finished tasks with each new one: with the default of 30 s those are thousands
  // where jobs are many, and took 7 % of its CPU at 3 jobs a second.
  'history.transferProcessorUpdateAckInterval': '"2s"',
  'history.timerProcessorUpdateAckInterval': '"2s"',
  'history.visibilityProcessorUpdateAckInterval': '"2s"',
  // One partition a task queue makes it strictly first in, first out.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};

/**
 * Starts the real Temporal server that the CLI carries, on loopback, and resolves when it answers.
 * Its SQLite file is in WAL mode with `synchronous=NORMAL`: it survives killed processes, a power cut can lose the
 * last commits. A production cluster is reached by TEMPORAL_ADDRESS instead.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  await mkdir(options.dir, { recursive: true });
  const args = [
    ...['server', 'start-dev', '--ip', HOST, '--port', String(options.port)],
    ...(options.uiPort === undefined ? ['--headless'] : ['--ui-port', String(options.uiPort)]),
    ...['--db-filename', join(options.dir, 'temporal.db'), '--log-level', 'warn', '--log-format', 'json'],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ...Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
    ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
  // A group of its own: Ctrl-C in the terminal must not reach it before the workers have drained.
  const child = spawn(options.binary, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const firstWords = readFirstWords(child);
  for (const output of [child.stdout, child.stderr]) {
    if (options.log) output.pipe(options.log, { end: false });
  }
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);

  const stop = async () => {
    process.off('exit', killOnExit);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(killTimer);
  };

  try {
    await untilListening(child, options.port, firstWords);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: `${HOST}:${options.port}`, process: child, stop, [Symbol.asyncDispose]: stop };
}

/** What it says until it ends, or the beginning of that. */
function readFirstWords(child: ChildProcess): Promise<string> {
  let words = '';
  for (const output of [child.stdout!, child.stderr!]) {
    output.on('data', (chunk: Buffer) => {
      words += chunk.toString('utf8', 0, FIRST_WORDS_CHARS - words.length);
    });
  }
  return new Promise((resolve) => child.once('close', () => resolve(words.trim())));
}

async function untilListening(child: ChildProcess, port: number, firstWords: Promise<string>): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new PipelineError(
        'TEMPORAL_UNAVAILABLE',
        `The Temporal server on port ${port} ended while starting (exit code ${child.exitCode}). Is the port or its database in use by another one? ${await firstWords}`,
      );
    }
    if (Date.now() > deadline) {
      throw new PipelineError(
        'TEMPORAL_UNAVAILABLE',
        `The Temporal server did not answer on port ${port} within 60 s.`,
      );
    }
    await sleep(50);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
