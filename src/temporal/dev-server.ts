import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES, searchAttributeType } from '../contracts/search-attributes.ts';
import { PipelineError } from '../errors.ts';

export interface DevServerOptions {
  /** The `temporal` program: see `findTemporalBinary`. */
  binary: string;
  /** Folder of the server's database, which survives restarts. */
  dir: string;
  port: number;
  /** Where the Web UI listens. Default: there is none. */
  ui?: { host: string; port: number } | undefined;
  /** Dynamic configuration of the server, added to ours. */
  dynamicConfig?: Record<string, string | number>;
  /** Receives the server's own log lines. Default: they are dropped. */
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
/** The start of the server's output is shown only if startup fails. */
const MAX_OUTPUT_CHARS = 1_000;

const DYNAMIC_CONFIG = {
  // The defaults (20 a second each) are for a shared cluster: an activity takes 100 ms with them and 17 ms with these.
  'history.transferProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  // Its HTTP API has no password, so a page that has its name point to this machine could use it (DNS rebinding).
  'frontend.httpAllowedHosts': '["127.0.0.1:*"]',
  // Timers fire up to this late. The default of one second is longer than some of our waits.
  'history.timerProcessorMaxTimeShift': '"10ms"',
  // With one partition a task queue is strictly first in, first out.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  // API keys take turns at the slots. Priorities alone are on by default.
  'matching.enableFairness': 'true',
  // A workflow whose code fails is reported at its second failure, after about 10 s. The default of five takes a minute.
  'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute': 2,
};

/**
 * Starts the Temporal server of the CLI on loopback, and resolves when it answers.
 * Its SQLite file is in WAL mode with `synchronous=NORMAL`: it survives killed processes, but a power cut can lose the
 * last commits. In production, TEMPORAL_ADDRESS names a cluster instead.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  await mkdir(options.dir, { recursive: true });
  const args = [
    ...['server', 'start-dev', '--ip', HOST, '--port', String(options.port)],
    ...(options.ui
      ? ['--ui-ip', options.ui.host, '--ui-port', String(options.ui.port), '--ui-disable-news-fetch']
      : ['--headless']),
    ...['--db-filename', join(options.dir, 'temporal.db'), '--log-level', 'warn', '--log-format', 'json'],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ...Object.entries({ ...DYNAMIC_CONFIG, ...options.dynamicConfig }).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
    ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => [
      '--search-attribute',
      `${name}=${searchAttributeType(name)}`,
    ]),
  ];
  // In its own process group: Ctrl-C in the terminal must not reach it before the workers have drained.
  const child = spawn(options.binary, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const startOutput = collectOutput(child);
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
    await untilListening(child, options.port, startOutput);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: `${HOST}:${options.port}`, process: child, stop, [Symbol.asyncDispose]: stop };
}

/** Resolves when the child ends, with the start of its output. */
function collectOutput(child: ChildProcess): Promise<string> {
  let text = '';
  for (const output of [child.stdout!, child.stderr!]) {
    output.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8', 0, MAX_OUTPUT_CHARS - text.length);
    });
  }
  return new Promise((resolve) => child.once('close', () => resolve(text.trim())));
}

async function untilListening(child: ChildProcess, port: number, output: Promise<string>): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new PipelineError(
        'TEMPORAL_UNAVAILABLE',
        `The Temporal server on port ${port} ended while starting (exit code ${child.exitCode}). Does another process use the port or the database? ${await output}`,
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
