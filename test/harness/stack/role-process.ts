import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../src/cli/stack/free-port.ts';

export type Role = 'api' | 'io' | 'gpu';

const CLI = join(import.meta.dirname, '../../../src/cli/main.ts');
const READY_TIMEOUT_MS = 120_000;
/** More than a worker or the API ever takes to drain. */
const STOP_TIMEOUT_MS = 45_000;

/** One `limelight up --role …`, which may be restarted. */
export class RoleProcess implements AsyncDisposable {
  readonly role: Role;
  readonly #address: string;
  readonly #environment: Record<string, string | undefined>;
  #child: ChildProcess | undefined;
  #output = '';
  #onOutput: (text: string) => void = (text) => {
    this.#output += text;
  };
  #onDeath: (() => void | Promise<void>) | undefined;
  readonly #stopping = new WeakSet<ChildProcess>();

  /** @param address host:port at which it answers for its health. */
  constructor(role: Role, address: string, environment: Record<string, string | undefined>) {
    this.role = role;
    this.#address = address;
    this.#environment = environment;
  }

  /** Absent while it does not run. */
  get pid(): number | undefined {
    const { pid, exitCode, signalCode } = this.#child ?? {};
    return exitCode === null && signalCode === null ? pid : undefined;
  }

  /**
   * From now on its output goes to `onOutput` instead, and `onDeath` is called whenever it ends without having been asked
   * to. Then it may be started again.
   */
  watch({ onOutput, onDeath }: { onOutput(text: string): void; onDeath(): void | Promise<void> }): void {
    this.#onOutput = onOutput;
    this.#onDeath = onDeath;
  }

  get url(): string {
    return `http://${this.#address}`;
  }

  /** What it printed so far, for the message of a failure. */
  get output(): string {
    return this.#output;
  }

  start(): void {
    const child = spawn(process.execPath, [CLI, 'up', '--role', this.role], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => this.#onOutput(String(text)));
    }
    // A run that is given up must not leave processes behind.
    const killOnExit = () => child.kill('SIGKILL');
    process.once('exit', killOnExit);
    child.once('exit', () => {
      process.off('exit', killOnExit);
      if (!this.#stopping.has(child)) void this.#onDeath?.();
    });
    this.#child = child;
  }

  async untilReady(): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (this.#child?.exitCode != null || Date.now() > deadline) {
        throw new Error(`The ${this.role} process is not ready: ${this.#output.slice(-2_000)}`);
      }
      await sleep(100);
    }
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
    return answer?.ok ?? false;
  }

  /** What it says of itself; undefined where it does not answer. */
  async readiness(): Promise<{ status: number; reason?: string } | undefined> {
    const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
    return answer && { ...((await answer.json()) as { reason?: string }), status: answer.status };
  }

  /** SIGTERM, as a supervisor sends it. */
  async stop(): Promise<{ exitCode: number | null; tookMs: number }> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return { exitCode: child?.exitCode ?? null, tookMs: 0 };
    }
    const startedAt = performance.now();
    this.#stopping.add(child);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    return { exitCode: child.exitCode, tookMs: performance.now() - startedAt };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts one on a free port, small enough that several fit on a machine; it is not ready yet.
 * @param where.settings over those of the others
 */
export async function startRole(
  role: Role,
  {
    temporalAddress,
    root,
    settings,
  }: { temporalAddress: string; root: string; settings?: Record<string, string | undefined> },
): Promise<RoleProcess> {
  const port = String(await freePort());
  const started = new RoleProcess(role, `127.0.0.1:${port}`, {
    ...process.env,
    TEMPORAL_ADDRESS: temporalAddress,
    STORAGE_ROOT: root,
    API_PORT: port,
    IO_HTTP_PORT: port,
    GPU_HTTP_PORT: port,
    // The device lock is the host's, and there is no device: each has one of its own.
    CUDA_VISIBLE_DEVICES: `role-${randomUUID()}`,
    YOLO_SLOTS: '1',
    ONNX_THREADS: '1',
    RENDER_LONG_SIDE_PX: '512',
    LOG_LEVEL: 'info',
    ...settings,
  });
  started.start();
  return started;
}
