import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface PythonAnswer {
  ms: number;
  peakMb: number;
  boxes?: [number, number, number, number][];
  scores?: number[];
}

export interface PythonWorker extends AsyncDisposable {
  run(order: { photo: string; out?: string }): Promise<PythonAnswer>;
}

/** One process of `worker.py`, with its model loaded. */
export async function startPythonWorker(
  python: string,
  kind: 'detect' | 'cutout',
  model: string,
  threads: number,
): Promise<PythonWorker> {
  const script = fileURLToPath(new URL('./worker.py', import.meta.url));
  const child = spawn(python, [script, kind, model, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) {
        throw new Error(`The Python process for ${kind} ended`);
      }
      // Ultralytics prints a banner on standard output.
      if (value.startsWith('{')) {
        return JSON.parse(value);
      }
    }
  };
  await next();
  return {
    run(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return next();
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}
