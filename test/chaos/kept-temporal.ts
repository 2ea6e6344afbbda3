import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ignoreFailure } from '../../src/errors.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { type DevServer, startDevServer } from '../../src/temporal/dev-server.ts';

const RESTART_DELAY_MS = 300;

/** Temporal with a database that outlives it: it is started again on it whenever it dies. */
export class KeptTemporal implements AsyncDisposable {
  readonly port: number;
  readonly #dir: string;
  #server: DevServer | undefined;
  #isEnding = false;
  #kept: Promise<void> | undefined;

  constructor({ dir, port }: { dir: string; port: number }) {
    this.#dir = dir;
    this.port = port;
  }

  /** Absent while it is starting. */
  get pid(): number | undefined {
    const { process: child } = this.#server ?? {};
    return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  start(): void {
    this.#kept = this.#keep();
  }

  async #keep(): Promise<void> {
    while (!this.#isEnding) {
      const starting = startDevServer({
        binary: findTemporalBinary(process.env),
        dir: this.#dir,
        port: this.port,
      });
      this.#server = await ignoreFailure(starting, 'it is started again');
      if (this.#isEnding) this.#server?.process.kill('SIGKILL');
      if (this.pid !== undefined) await once(this.#server!.process, 'exit');
      await this.#server?.stop();
      await sleep(RESTART_DELAY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#server?.process.kill('SIGKILL');
    await this.#kept;
  }
}
